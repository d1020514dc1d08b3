import { http, type HttpInput, type HttpResponse } from "@duelcast/client/http";
import { client } from "../../../app/session";

type Operation = "PUT /api/v69/users/{wallet}";

/** Changes a user; a wallet that is not stored is added. */
export function changeUser(wallet: string, body: HttpInput<Operation>["body"]): Promise<HttpResponse<Operation>> {
  return http(client, "PUT /api/v69/users/{wallet}", { parameters: { wallet }, body });
}
