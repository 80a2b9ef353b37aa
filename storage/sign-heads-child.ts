// Signs the head of a journal that another process writes: started once a day with the data folder, and the anchor if there is
// one; says what went wrong and ends with 1.

import { argv } from "node:process";
import { stepBack } from "./process/step-back.ts";
import { signHeads } from "./sign-heads.ts";

stepBack();
const [data = "", anchor = ""] = argv.slice(2);
const signed = await signHeads({ data, anchor: anchor === "" ? undefined : anchor });
if (!signed.ok) {
  process.stderr.write(`${signed.code}: ${signed.message}\n`);
  process.exitCode = 1;
}
