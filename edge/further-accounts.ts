// Accounts beside the first, as settings name them: what they want otherwise, laid over the first one's and held to the same shapes.
// What is journaled of them is the difference alone.

import { z } from "zod";
import type { AccountSettings, PaperBrokerSettings } from "../actors/account/settings.ts";
import { failure, ok, type Result } from "../actors/base/result.ts";
import { accountsProblem, type FurtherAccount } from "../actors/engine-config.ts";
import { accountSchema, brokerSchema } from "./account-settings.ts";
import { mergeDeep } from "./merge-deep.ts";

const FURTHER_ACCOUNTS_MAX = 999;

export const furtherAccountsSchema = z
  .array(
    z.strictObject({
      account: z.looseObject({ accountId: accountSchema.shape.accountId }),
      broker: z.looseObject({}).optional(),
    }),
  )
  .max(FURTHER_ACCOUNTS_MAX);

interface First {
  readonly account: AccountSettings;
  readonly broker: PaperBrokerSettings;
}

/** As journaled; each was whole and valid when it was laid over the first one. */
export function furtherAccounts(
  { account: first, broker: firstBroker }: First,
  wanted: z.infer<typeof furtherAccountsSchema>,
): Result<readonly FurtherAccount[], "config-invalid"> {
  const accounts: FurtherAccount[] = [];
  const { terminal: _terminal, ...base } = first;
  for (const { account, broker = {} } of wanted) {
    const { accountId } = account;
    const whole = accountSchema.safeParse(mergeDeep(base, account));
    if (!whole.success) return invalid(accountId, whole.error);
    const wholeBroker = brokerSchema.safeParse(mergeDeep(firstBroker, { accountId }, broker));
    if (!wholeBroker.success) return invalid(accountId, wholeBroker.error);
    if (wholeBroker.data.accountId !== accountId) {
      return failure(
        "config-invalid",
        `the broker of account ${accountId} names another account: leave it out`,
      );
    }
    const { accountId: _same, ...brokerDifference } = difference(firstBroker, wholeBroker.data);
    accounts.push({
      account: { ...difference(first, whole.data), accountId },
      ...(Object.keys(brokerDifference).length === 0 ? {} : { broker: brokerDifference }),
    });
  }
  const problem = accountsProblem({ account: first, accounts });
  return problem === undefined ? ok(accounts) : failure("config-invalid", problem);
}

/** What of `own` is not as in `first`. */
function difference<Settings extends object>(first: Settings, own: Settings): Partial<Settings> {
  const before = new Map<string, unknown>(Object.entries(first));
  return Object.fromEntries(
    Object.entries(own).filter(([key, value]) => JSON.stringify(before.get(key)) !== JSON.stringify(value)),
  ) as Partial<Settings>;
}

function invalid(accountId: string, error: z.ZodError): Result<never, "config-invalid"> {
  return failure("config-invalid", `account ${accountId} is not valid:\n${z.prettifyError(error)}`);
}
