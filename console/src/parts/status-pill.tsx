import { latest, type ConnectionState, type LatestStore } from "@duelcast/client";
import { useConnection, useStore } from "@duelcast/client/react";
import type { ServerStatus } from "@duelcast/client/types";
import type { ReactNode } from "react";
import { useNow } from "../app/now";
import { client } from "../app/session";
import { texts } from "../app/texts";

const serverStatus: LatestStore<0, ServerStatus> = latest(client, "monitor", "public.status", (message) =>
  message.type === "SERVER_STATUS_UPDATE" ? [[0, message.data] as const] : [],
);

/** Whether the page is live, and if not, why. */
export function StatusPill(): ReactNode {
  const connection = useConnection();
  const { value: server } = useStore(serverStatus.at(0));
  // `retryAt` is a time of this machine's clock.
  const now = useNow() - (client.clockOffsetMs.get() ?? 0);
  const [tone, text] = shown(connection, server);
  return (
    <span className="pill" data-tone={tone} role="status" title={server?.message}>
      {text}
      {connection.is === "waiting" && connection.retryAt !== undefined && (
        // Not spoken, since it changes each second.
        <span aria-hidden="true">
          {" "}
          {texts.status.inSeconds(Math.max(1, Math.ceil((connection.retryAt - now) / 1000)))}
        </span>
      )}
    </span>
  );
}

function shown(connection: ConnectionState, server: ServerStatus | undefined): [tone: string, text: string] {
  switch (connection.is) {
    case "waiting":
      return ["bad", navigator.onLine ? texts.status.reconnecting : texts.status.offline];
    case "signed_out":
      return ["warn", texts.status.signedOut];
    case "refused":
      return ["bad", texts.status.refused];
    case "open":
      if (server?.status === "maintenance") return ["warn", texts.status.maintenance];
      if (server?.status === "degraded") return ["warn", texts.status.degraded];
      return ["good", texts.status.live];
    default:
      return ["busy", texts.status.connecting];
  }
}
