// Who may talk to the server. On the loopback everybody on this machine may, as long as it is really they: a page of another
// site must not use a browser as its hand. On any other interface a token is asked for.

import { timingSafeEqual } from "node:crypto";
import { Problem } from "./problem.ts";

const LOOPBACK = /^(?:localhost|127\.\d{1,3}\.\d{1,3}\.\d{1,3}|::1|\[::1\])$/;

/** @param host a name or an address, as a person or a URL writes it, without a port */
export function isLoopback(host: string): boolean {
  return LOOPBACK.test(host);
}

export interface GuardOptions {
  /** Undefined only on the loopback. */
  readonly token: string | undefined;
}

/**
 * @param isOpen what is asked for holds no secrets: the page itself, which then asks for the token
 * @throws Problem where the request must not be answered
 */
export type Guard = (request: Request, isOpen: boolean) => void;

export function makeGuard({ token }: GuardOptions): Guard {
  return (request, isOpen) => {
    const host = request.headers.get("host") ?? "";
    // Without a token only names of the loopback are answered: another name that leads here is a rebinding of DNS.
    if (token === undefined && !isLoopback(host.replace(/:\d+$/, ""))) {
      throw new Problem(403, "wrong-host", `this server answers to localhost, not to ${host}`);
    }
    checkOrigin(request, host);
    if (token !== undefined && !isOpen) checkToken(request, token);
  };
}

/** Browsers say which page a request comes from; scripts and terminals say nothing. */
function checkOrigin(request: Request, host: string): void {
  const origin = request.headers.get("origin");
  if (origin === null) return;
  let originHost = "";
  try {
    originHost = new URL(origin).host;
  } catch {
    // "null" and the like: a page without an address.
  }
  if (originHost !== host) {
    throw new Problem(403, "other-origin", "this server is not for pages of other sites");
  }
}

function checkToken(request: Request, token: string): void {
  const given =
    /^Bearer (.+)$/.exec(request.headers.get("authorization") ?? "")?.[1] ?? tokenOfProtocol(request) ?? "";
  const expected = Buffer.from(token);
  const offered = Buffer.from(given);
  const same = expected.length === offered.length && timingSafeEqual(expected, offered);
  if (!same) {
    throw new Problem(
      401,
      "no-token",
      "this server asks for its token: Authorization: Bearer <TICKFORGE_TOKEN>",
      {
        "www-authenticate": "Bearer",
      },
    );
  }
}

/** A browser's socket cannot set headers; it offers the token as a subprotocol instead: "tickforge, <token>". */
function tokenOfProtocol(request: Request): string | undefined {
  const protocols = request.headers
    .get("sec-websocket-protocol")
    ?.split(",")
    .map((part) => part.trim());
  return protocols?.[0] === "tickforge" ? protocols[1] : undefined;
}
