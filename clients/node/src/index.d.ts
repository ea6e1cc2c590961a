/** An ISO 8601 duration, such as `PT1H` or `P90D`. */
export type Duration = string;
/** An instant (RFC 3339), in the tenant's time unless stated otherwise. */
export type Instant = string;

export interface LabOptions {
  /**
   * The address of a running system. By default `OUTLIVE_AGAINST`, unless there is a `program`; without both, a private system is
   * started. A running system cannot be combined with `program` and `args`.
   */
  against?: string;
  /** The program: a path, or a name on `PATH`. By default `OUTLIVE_BIN`, else `outlive` on `PATH`. */
  program?: string;
  /** More arguments of `outlive up`, such as `["--back-end", "api.example.com=http://127.0.0.1:5000"]`. */
  args?: string[];
  /** The certificate of a running system's authority. By default `OUTLIVE_CA`; that of a private system is known. */
  ca?: string;
  /** Whether TLS connections of this process trust the authority. `true` by default. */
  trustCa?: boolean;
  /** How long the program may take to start, in milliseconds. 60,000 by default. */
  timeoutMs?: number;
}

/** A running Outlive: a private one that stops with this process, or that of `OUTLIVE_AGAINST`. */
export class Lab implements AsyncDisposable {
  private constructor();
  /** Starts a private system, or connects to a running one. */
  static start(options?: LabOptions): Promise<Lab>;
  /** Returns the lab of this process, which the first call starts. */
  static shared(): Promise<Lab>;
  /** The address of the console and the lab API. */
  readonly url: string;
  /** The file of the authority's certificate. Throws a {@link LabError} if it is not known. */
  readonly ca: string;
  /** The process id of a private system. */
  readonly pid: number | undefined;
  /** The variables for a child process that uses this lab: `OUTLIVE_AGAINST`, `OUTLIVE_CA`, `NODE_EXTRA_CA_CERTS`. */
  readonly environment: Record<string, string>;
  /** Creates a tenant with users, applications, a connection and a flow of its own. */
  tenant(options?: TenantOptions): Promise<Tenant>;
  /**
   * Creates the tenant that {@link Tenant.export} returned: the same one, with its id, so that there is one of it in a lab. It is
   * deleted after its lifetime (wall time, an hour by default).
   */
  importTenant(exported: string, options?: { lifetime?: string }): Promise<Tenant>;
  /** Sends any request to the lab API, and returns the JSON of the response. `action`, such as "list the users", describes it in errors. */
  call(action: string, method: string, path: string, body?: unknown): Promise<any>;
  /** Sends any request without a body to the lab API, and returns the text of the response. */
  callForText(action: string, method: string, path: string): Promise<string>;
  /** Stops a private system and deletes its data. */
  stop(): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
}

export interface TenantOptions {
  /** Its display name. */
  name?: string;
  /** Its seed, by name. */
  seed?: string;
  /** The edition of its revocation table: `2018`, `2021`, `2025-05` or `2025-11` (default). */
  rules?: string;
  /** When its time starts: an instant in the past, or a negative duration (`-P90D`). */
  starts?: Instant | Duration;
  /** Its clock. By default it stands still at the machine's time, and `advance` moves it. */
  clock?: { now?: Instant; speed?: number };
  /** Users and applications in addition to those of the seed. */
  overlay?: Overlay;
  /** Without connections and flows, which is faster. */
  bare?: boolean;
  /** With everything that the seed has only for its own tenant. */
  complete?: boolean;
  /** After which time (wall time) the lab deletes it, if it still exists. `PT1H` by default. */
  lifetime?: Duration;
}

/** What a tenant has in addition to its seed. Ids, passwords and secrets are generated. */
export interface Overlay {
  /** Users by role, which is the local part of the sign-in name. */
  users?: Record<string, OverlayUser>;
  /** Applications by display name. */
  applications?: Record<string, OverlayApplication>;
}

export interface OverlayUser {
  displayName?: string;
  givenName?: string;
  surname?: string;
  mail?: string;
  guest?: boolean;
  passwordNeverExpires?: boolean;
  requireMfa?: boolean;
  /** For example `Global Administrator`. */
  directoryRoles?: string[];
}

export interface OverlayApplication {
  kind: Application["kind"];
  /** Texts, whose type follows from `kind`, or objects. */
  redirectUris?: (string | { uri: string; type: "web" | "spa" | "publicClient" })[];
  /** By default, confidential applications and daemons have one, unless they have certificates. */
  secret?: boolean;
  /** Certificates (PEM) with whose keys it can authenticate. */
  certificates?: string[];
  allowPublicClient?: boolean;
  /** Application ID URIs (`api://my-api`). */
  identifierUris?: string[];
  /** Delegated permissions that it offers. */
  scopes?: (string | { value: string; description?: string })[];
  /** Application permissions that it offers. */
  appRoles?: string[];
  /** Version of the access tokens issued for it; 1 by default. */
  tokenVersion?: 1 | 2;
  /**
   * Names of permissions of the orders API, or permissions of any API. By default `User.Read` of Microsoft Graph, unless it is a daemon
   * or an API.
   */
  requires?: (string | { api: string; scopes?: string[]; roles?: string[] })[];
  /** Whether an administrator has consented to `requires`. By default only for a daemon. */
  adminConsented?: boolean;
  logoutUrl?: string;
  requireMfa?: boolean;
  continuousAccessEvaluation?: boolean;
}

/** A tenant, and what can happen to it. Every method throws a {@link LabError} if the lab rejects the request. */
export class Tenant implements AsyncDisposable {
  private constructor();
  readonly lab: Lab;
  readonly id: string;
  readonly domain: string;
  /** The tenant as the lab returned it (`GET /lab/tenants/{tenant}`), with managed identities and API keys. */
  readonly facts: Record<string, any>;
  /** The authority for MSAL: the https address of the tenant. */
  readonly authority: string;
  readonly users: User[];
  readonly applications: Application[];
  readonly connections: Connection[];
  readonly flows: Flow[];
  readonly connectors: { name: string }[];
  readonly urls: Urls;

  /** Returns a user by role (`owner`, `colleague`, `admin`), sign-in name or id. The error lists those that exist. */
  user(name: string | User): User;
  /** Returns an application by name (`Orders Desktop`) or client id. The error lists those that exist. */
  application(name: string | Application): Application;
  /** Returns a connection by name. The error lists those that exist. */
  connection(name: string | Connection): Connection;
  /** Returns the state of a connection at the hub. */
  connectionState(connection: string | Connection): Promise<ConnectionState>;
  /** Returns a flow by name or id. The error lists those that exist. */
  flow(name: string | Flow): Flow;
  /** Returns the URL of a service. The error lists those that exist. */
  url(name: string): string;

  /** Signs a user in to an application through the pages of the issuer, and returns the tokens. */
  signIn(user: string | User, options: SignInOptions & { app: string | Application; redeem: true }): Promise<SignedIn>;
  /** Signs a user in, as in a browser, and returns the response that the application gets at its redirect URI. */
  signIn(user: string | User, options: SignInOptions & ({ app: string | Application; redeem?: false } | { authorizeUrl: string; redeem?: never })): Promise<AuthorizationResponse>;
  /** Changes a password with the current one. Returns the new password, which is generated by default. */
  changePassword(user: string | User, newPassword?: string): Promise<string>;
  /** Resets a password as an administrator. Returns the new password, which is generated by default. */
  resetPassword(
    user: string | User,
    options?: { newPassword?: string; channel?: "azure_portal" | "entra_admin_center" | "m365_admin_center" },
  ): Promise<string>;
  /** Revokes all sessions and refresh tokens of a user. By an administrator, by default. */
  revokeSessions(user: string | User, options?: { by?: "user" | "admin" }): Promise<void>;
  /** Raises any event of the lab: `sspr`, `disable_user`, `expire_secret`, `require_mfa` and so on. */
  event(type: string, fields?: EventFields): Promise<Record<string, unknown>>;
  /** Advances time and executes all work that becomes due. */
  advance(duration: Duration): Promise<Time>;
  /** Returns the time. */
  time(): Promise<Time>;
  /** Adds a fault. It ends by its own limits, by `remove()`, or with the tenant. */
  fault(spec: FaultSpec): Promise<Fault>;
  /** Returns all faults with their hits. */
  faults(): Promise<FaultState[]>;
  /**
   * Returns the whole tenant as JSON: data, time, secrets, tokens and journal, without its snapshots. {@link Lab.importTenant} creates
   * the same tenant from it, in this lab after the tenant was deleted, or in another one of the same version.
   */
  export(): Promise<string>;
  /** Puts the state of the tenant aside: data, time, tokens and journal in all services. A tenant has at most 20 snapshots. */
  snapshot(name?: string): Promise<Snapshot>;
  /** Returns the snapshots, the oldest first. */
  snapshots(): Promise<Snapshot[]>;
  /** Brings the tenant back to a snapshot, given itself or by name or id, as often as needed. */
  restore(snapshot: Snapshot | string): Promise<void>;
  /** Forges a token, for a test of what validates tokens. The journal records it (`token.forged`). */
  forge(forgery: Forgery): Promise<ForgedToken>;
  /** Explains a token, code, cookie, connection or run: why it is accepted or rejected, and what would end it. */
  why(credential: string | { refreshToken?: string; accessToken?: string } | Connection, options?: { after?: string }): Promise<Explanation>;
  /** Returns journal events in order; with `newest`, the newest first. */
  journal(selection?: JournalSelection): Promise<JournalEvent[]>;
  /** Returns the last journal events as sentences, in order. */
  story(options?: { limit?: number }): Promise<string[]>;
  /** Reads users, applications and their credentials again. Every event does it. */
  refresh(): Promise<void>;
  /** Deletes the tenant with all its data. */
  delete(): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
}

export interface User {
  role: string;
  /** The sign-in name. */
  upn: string;
  /** The object id. */
  id: string;
  /** The current password, unless it was changed without the lab. */
  password: string;
}

export interface Application {
  name: string;
  clientId: string;
  kind: "public" | "spa" | "confidential" | "daemon" | "resource";
  secret?: string;
  redirectUris: string[];
}

export interface Connection {
  name: string;
  connector: string;
  /** The role of the owner. */
  owner: string;
}

export interface ConnectionState {
  /** The id, which journal events name. */
  id: string;
  name: string;
  status: "Connected" | "Error";
  /** The reason, if it is in error. */
  message?: string | null;
  /** The account that signed in. */
  account?: string | null;
  enabled: boolean;
  [name: string]: unknown;
}

export interface Flow {
  id: string;
  name: string;
  /** The role of the owner. */
  owner: string;
  connection: string;
}

export interface Urls {
  idp: string;
  idpTls?: string;
  graph: string;
  hub: string;
  resource: string;
  resourceTls?: string;
  flow: string;
}

export interface SignInOptions {
  /** The application: name or client id. */
  app?: string | Application;
  /** The authorization request of the application under test, as its library built it. */
  authorizeUrl?: string;
  /** Scopes, separated by spaces. */
  scope?: string;
  with?: "password" | "passkey" | "session";
  /** Whether the application handles claims challenges (`cp1`). */
  canBeChallenged?: boolean;
  /** Whether the lab redeems the code and returns tokens. */
  redeem?: boolean;
  redirectUri?: string;
  nonce?: string;
  state?: string;
  codeChallenge?: string;
  /** The session of an earlier sign-in, for `with: "session"`. */
  session?: string;
  /** The password, if it was changed without the lab. */
  password?: string;
}

export interface AuthorizationResponse {
  code: string;
  state?: string;
  /** The address to which the issuer redirected the browser. */
  redirectUrl: string;
  /** Every parameter of the response, as libraries expect it. */
  parameters: Record<string, string>;
  /** The session of the browser, for `with: "session"`. */
  session?: string;
}

export interface SignedIn {
  accessToken: string;
  refreshToken?: string;
  scope: string;
  /** In seconds of the tenant's time. */
  expiresIn: number;
  session?: string;
}

/** The members that an event has are in the documentation of the lab API. */
export interface EventFields {
  user?: string | User;
  app?: string | Application;
  newPassword?: string;
  newSecret?: string;
  overlap?: Duration;
  connector?: string;
  channel?: string;
  by?: string;
  required?: boolean;
  every?: Duration;
  [name: string]: unknown;
}

export interface Time {
  now: Instant;
  speed: number;
  nextDue?: Instant | null;
  /** After an advance: the time before. */
  from?: Instant;
  /** After an advance: at how many instants work was due. */
  steps?: number;
  /** After an advance: how many flow runs were executed, including failed ones. */
  done?: number;
  /** After an advance: how many flow runs failed. */
  failed?: number;
}

export interface FaultSpec {
  service: "idp" | "hub" | "resource" | "flow";
  /** A name (`token`) or a path (`/orders/**`). Every endpoint by default. */
  endpoint?: string;
  /** Only requests of this application. */
  client?: string | Application;
  /** Only calls through this connection. */
  connection?: string;
  do: FaultEffect;
  probability?: number;
  /** After how many hits it ends. */
  count?: number;
  from?: Instant;
  until?: Instant;
  for?: Duration;
}

export interface FaultEffect {
  status?: number;
  /** The number of an error of the issuer, such as 50173. */
  aadsts?: number;
  body?: unknown;
  /** In seconds. */
  retryAfter?: number;
  delay?: Duration;
  drop?: "request" | "response";
  /** After so many bytes of the body. */
  truncate?: number;
  malform?: boolean;
  wrongKey?: "unknown" | "signature";
  wrongAudience?: string;
  wrongIssuer?: string;
  expired?: boolean;
  skew?: Duration;
}

export interface FaultState {
  id: string;
  state: "scheduled" | "active" | "ended";
  /** How many requests it concerned. */
  requests: number;
  /** How many of them met it. */
  hits: number;
  lastHit?: Instant | null;
}

export interface Fault extends FaultState, AsyncDisposable {
  /** Ends the fault. */
  remove(): Promise<void>;
}

export interface Snapshot {
  id: string;
  name?: string;
  /** When it was taken (wall time). */
  created: Instant;
  /** The tenant's time in it. */
  now: Instant;
  speed: number;
  bytes: number;
  /** Brings the tenant back to it. */
  restore(): Promise<void>;
  /** Deletes the snapshot. */
  delete(): Promise<void>;
}

export interface Forgery {
  /** The token to copy. Without one, `aud` is required in `claims`. */
  like?: string | { accessToken: string };
  /** Claims to replace; `null` leaves one out. `exp`, `nbf` and `iat` may be a duration from now (`-PT1H`). */
  claims?: Record<string, unknown>;
  /** Members of the header to replace; `null` leaves one out. */
  header?: Record<string, unknown>;
  /** `unknown`: a key that no issuer has published. `retired`: the key before the last rotation. `signing` by default. */
  key?: "signing" | "unknown" | "retired";
  /** `HS256` has the public key as its secret. `RS256` by default. */
  alg?: "RS256" | "HS256" | "none";
}

export interface ForgedToken {
  token: string;
  header: Record<string, any>;
  claims: Record<string, any>;
  /** Whether the issuer publishes the key. */
  keyIsPublished: boolean;
}

/** Why a credential, connection or run is accepted or rejected. */
export interface Explanation {
  readonly kind: string;
  readonly name: string;
  /** What it is, in one sentence. */
  readonly what: string;
  readonly lineage: Moment[];
  readonly decisions: Moment[];
  readonly verdict: { outcome: "accepted" | "refused"; code?: string | null; title: string; explanation: string; [name: string]: unknown } | null;
  readonly endsByItself: Instant | null;
  readonly wouldEndIt: string[];
  readonly wouldNotEndIt: string[];
  readonly whatIf: { words: string; [name: string]: unknown }[];
  readonly after?: unknown;
  /** The words of `outlive why`. */
  toString(): string;
}

/** A journal event, summarized. */
export interface Moment {
  at: Instant;
  service: string;
  kind: string;
  words: string;
  trace: string;
}

export interface JournalSelection {
  /** A kind (`token.refused`), or all with a prefix (`token.`). */
  kind?: string;
  subject?: string;
  trace?: string;
  /** Only events about this credential. */
  about?: string;
  /** The newest events first. */
  newest?: boolean;
  /** With `newest`: only changes and refusals. */
  notable?: boolean;
  /** With `newest`: only events of this service. */
  service?: string;
  after?: string;
  limit?: number;
}

/** The kinds and their payloads are listed in docs/events.md. */
export interface JournalEvent {
  seq: number;
  service: string;
  tenant: string;
  at: Instant;
  /** Wall time. */
  wall: Instant;
  kind: string;
  subject: string;
  trace: string;
  /** What happened, in one sentence. */
  words: string;
  data: Record<string, any>;
}

/** What failed, why, and what to do. */
export class LabError extends Error {
  constructor(title: string, details?: { code?: string; detail?: string; hint?: string; status?: number; cause?: unknown });
  /**
   * `ProgramNotFound`, `ProgramFailed`, `ConflictingOptions`, `LabUnreachable`, `InvalidResponse`, `InvalidAddress`, `UnknownAuthority`, `NameNotFound`,
   * or a code of the lab, such as `BadRequest`.
   */
  readonly code: string | undefined;
  /** What failed. */
  readonly title: string;
  /** Why, in the words of the lab. */
  readonly detail: string;
  /** What to do, where the detail does not include it. */
  readonly hint: string;
  /** The HTTP status, if the lab responded. */
  readonly status: number | undefined;
}
