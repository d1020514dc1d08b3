import { room, type Occupant } from "@duelcast/client";
import { useStore } from "@duelcast/client/react";
import type { ReactNode } from "react";
import { count } from "../../../app/format";
import { client } from "../../../app/session";
import { texts } from "../../../app/texts";
import { Name, nameOf } from "../../../parts/name";
import type { Moderation } from "./moderation";

const words = texts.room;

interface Props {
  readonly contestId: number;
  readonly moderation: Moderation | undefined;
}

/** Who is in a room. */
export function Members({ contestId, moderation }: Props): ReactNode {
  const here = room(client, contestId);
  const { value: members } = useStore(here, (all) => all.members);
  const { value: total } = useStore(here, (all) => all.memberCount);
  const { value: spectators } = useStore(here, (all) => all.spectatorCount);
  const hidden = (total ?? 0) - members.length;
  return (
    <details className="members">
      <summary>
        {words.members(total)} <span className="dim">{words.spectators(spectators)}</span>
      </summary>
      <ul>
        {members.map((one) => (
          <li key={one.wallet}>
            <Name of={one} />
            <Role of={one} />
            {moderation && one.role !== "admin" && (
              <button
                type="button"
                aria-label={moderation.isMuted(one.wallet) ? words.unmuteOf(nameOf(one)) : words.muteOf(nameOf(one))}
                onClick={() => moderation.mute(one)}
              >
                {moderation.isMuted(one.wallet) ? words.unmute : words.mute}
              </button>
            )}
          </li>
        ))}
        {hidden > 0 && <li className="dim">{words.moreMembers(count(hidden))}</li>}
      </ul>
    </details>
  );
}

function Role({ of: { role } }: { of: Occupant }): ReactNode {
  if (role === undefined) return null;
  const name = (words.roles as Readonly<Record<string, string>>)[role] ?? role;
  return <span className={role === "admin" ? "tag" : "dim"}>{name}</span>;
}
