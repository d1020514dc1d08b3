import { http } from "@duelcast/client/http";
import type { ChatMessageRecord } from "@duelcast/client/types";
import { useId, useMemo, useState, type ReactNode } from "react";
import { serverNow } from "../../../app/now";
import { client } from "../../../app/session";
import { texts } from "../../../app/texts";
import { useAction } from "../../../data/action";
import { useReading } from "../../../data/reading";
import { Confirm } from "../../../parts/dialog";
import { LiveState } from "../../../parts/live-state";
import { nameOf, type Named } from "../../../parts/name";
import { Sentence } from "../../../parts/sentence";

const words = texts.room;
/** No message tells of mutes that others put or lift, or of those that end. */
const REFRESH_MS = 15_000;

/** What admins do in a room; the same object until somebody is muted, or no longer. */
export interface Moderation {
  readonly isMuted: (wallet: string) => boolean;
  /** Mutes a user, or lifts their mute. */
  readonly mute: (one: Named) => void;
  readonly remove: (message: ChatMessageRecord) => void;
}

type Asked = { readonly mute: Named } | { readonly unmute: Named } | { readonly remove: ChatMessageRecord };

/**
 * What admins do in a room, which is undefined for others, and a dialog that confirms each action and shows why one has
 * failed.
 */
export function useModeration(
  contestId: number,
  isAdmin: boolean,
): readonly [moderation: Moderation | undefined, dialog: ReactNode] {
  // Only admins receive the muted wallets, and only here: pushes go to everybody.
  const contest = useReading(
    "GET /api/v69/contests/{contest_id}",
    isAdmin ? { parameters: { contest_id: contestId } } : undefined,
    REFRESH_MS,
  );
  const [asked, setAsked] = useState<Asked>();
  const action = useAction();
  const muted = contest.value?.muted?.join(" ") ?? "";
  const moderation = useMemo(() => moderationOf(muted.split(" "), setAsked), [muted]);
  const close = (): void => setAsked(undefined);
  if (!isAdmin) return [undefined, null];

  async function put(wallet: string, forMs: number | null): Promise<void> {
    const until = forMs === null ? undefined : new Date(serverNow() + forMs).toISOString();
    const parameters = { contest_id: contestId, wallet };
    await http(client, "PUT /api/v69/contests/{contest_id}/mutes/{wallet}", { parameters, body: { until } });
    contest.again();
  }

  async function lift(wallet: string): Promise<void> {
    const parameters = { contest_id: contestId, wallet };
    await http(client, "DELETE /api/v69/contests/{contest_id}/mutes/{wallet}", { parameters });
    contest.again();
  }

  async function remove(id: number): Promise<void> {
    const parameters = { contest_id: contestId, message_id: id };
    await http(client, "DELETE /api/v69/contests/{contest_id}/chat/{message_id}", { parameters });
  }

  function dialog(): ReactNode {
    if (!asked) return <LiveState status="live" error={action.error ?? (contest.value ? undefined : contest.error)} />;
    if ("mute" in asked) {
      const { mute: one } = asked;
      return <Mute of={one} close={close} confirmed={(forMs) => void action.run(() => put(one.wallet, forMs))} />;
    }
    if ("unmute" in asked) {
      const { unmute: one } = asked;
      return (
        <Confirm
          title={<Sentence of={words.unmuteTitle} name={nameOf(one)} />}
          action={words.unmute}
          close={close}
          confirmed={() => void action.run(() => lift(one.wallet))}
        >
          {null}
        </Confirm>
      );
    }
    const { remove: message } = asked;
    return (
      <Confirm
        title={words.deleteTitle}
        action={words.delete}
        close={close}
        confirmed={() => void action.run(() => remove(message.id))}
      >
        <blockquote className="plain">
          <bdi>{message.text}</bdi>
        </blockquote>
        <p>{words.deleteEffect}</p>
      </Confirm>
    );
  }

  return [moderation, dialog()];
}

function moderationOf(muted: readonly string[], ask: (asked: Asked) => void): Moderation {
  return {
    isMuted: (wallet) => muted.includes(wallet),
    mute: (one) => ask(muted.includes(one.wallet) ? { unmute: one } : { mute: one }),
    remove: (message) => ask({ remove: message }),
  };
}

interface MuteProps {
  readonly of: Named;
  readonly close: () => void;
  readonly confirmed: (forMs: number | null) => void;
}

function Mute({ of, close, confirmed }: MuteProps): ReactNode {
  const [index, setIndex] = useState(0);
  const field = useId();
  return (
    <Confirm
      title={<Sentence of={words.muteTitle} name={nameOf(of)} />}
      action={words.mute}
      close={close}
      confirmed={() => confirmed(words.durations[index]![1])}
    >
      <p>{words.muteEffect}</p>
      <label htmlFor={field}>{words.muteFor}</label>
      <select id={field} value={index} onChange={(event) => setIndex(Number(event.target.value))}>
        {words.durations.map(([name], each) => (
          <option key={name} value={each}>
            {name}
          </option>
        ))}
      </select>
    </Confirm>
  );
}
