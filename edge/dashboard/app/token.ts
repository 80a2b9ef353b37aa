// The secret that a server on another interface than the loopback asks for: taken from the address (`#token=...`, which is never sent
// anywhere) or typed in, kept for this tab alone.

const KEY = "tickforge-token";
const IN_ADDRESS = /^#token=(.+)$/;

/** "" where none is known. */
export function keptToken(): string {
  const given = IN_ADDRESS.exec(location.hash)?.[1];
  if (given !== undefined) {
    keepToken(decodeURIComponent(given));
    // Not to be left lying in the address or the history.
    history.replaceState(null, "", location.pathname);
  }
  try {
    return sessionStorage.getItem(KEY) ?? "";
  } catch {
    return given ?? "";
  }
}

export function keepToken(token: string): void {
  try {
    sessionStorage.setItem(KEY, token);
  } catch {
    // Without a store the token has to be given again next time.
  }
}
