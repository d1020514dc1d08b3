/** The messages of the endpoints, and the records of the HTTP API. */
export type * from "./generated/http.js";
export type * from "./generated/messages.js";
