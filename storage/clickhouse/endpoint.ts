// Where a ClickHouse answers, and to whom.

export interface Endpoint {
  readonly url: string;
  readonly username: string;
  readonly password: string;
  readonly database: string;
}
