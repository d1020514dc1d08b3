import { useInbox } from "@duelcast/client/react";
import { useRef, useState, type ReactNode } from "react";
import { texts } from "../../app/texts";
import { useAction } from "../../data/action";
import { Button } from "../../parts/button";
import { LiveState } from "../../parts/live-state";
import { More } from "../../parts/more";
import { Item } from "./item";
import { typeLabel, typesOf, type Shown } from "./lists";
import { useNotifications } from "./use-notifications";

/** A user's notifications, those first that are unread. */
export function Own({ wallet }: { wallet: string }): ReactNode {
  const { value, status, markRead, markAllRead } = useInbox();
  const [chosen, setChosen] = useState<Shown>({ type: undefined, isUnreadOnly: false });
  const { shown, known, pages } = useNotifications(wallet, chosen);
  const { run, isBusy, error } = useAction();
  const list = useRef<HTMLDivElement>(null);
  const [unread, read] = [shown.filter((one) => !one.read), shown.filter((one) => one.read)];
  const isLoading = pages.isLoading || status === "loading";

  function mark(id: number): void {
    const next = unread[unread.findIndex((one) => one.id === id) + 1];
    void run(() => markRead([id])).then((isMarked) => {
      // The button that had the focus is gone.
      if (isMarked) focusOn(list.current, next?.id);
    });
  }

  return (
    <section aria-label={texts.inbox.title} ref={list} tabIndex={-1}>
      {known.length > 0 && (
        <div className="tools">
          <div role="group" aria-label={texts.inbox.which} className="choice">
            {[false, true].map((isUnreadOnly) => (
              <button
                key={String(isUnreadOnly)}
                type="button"
                aria-pressed={chosen.isUnreadOnly === isUnreadOnly}
                onClick={() => setChosen({ ...chosen, isUnreadOnly })}
              >
                {isUnreadOnly ? texts.inbox.onlyUnread : texts.inbox.all}
              </button>
            ))}
          </div>
          <Types known={typesOf(known)} type={chosen.type} choose={(type) => setChosen({ ...chosen, type })} />
          <Button
            type="button"
            isOff={isBusy || value.unread?.count === 0}
            onClick={() => void run(() => markAllRead(chosen.type === undefined ? undefined : [chosen.type]))}
          >
            {chosen.type === undefined ? texts.inbox.markAll : texts.inbox.markAllOf(typeLabel(chosen.type))}
          </Button>
        </div>
      )}
      {error && <LiveState status="live" error={error} />}
      <Group title={texts.inbox.unread}>
        {unread.map((one) => (
          <Item key={one.id} of={one} mark={mark} />
        ))}
      </Group>
      <Group title={texts.inbox.earlier}>
        {read.map((one) => (
          <Item key={one.id} of={one} />
        ))}
      </Group>
      {shown.length === 0 && !isLoading && !pages.error && <p className="empty">{none(chosen)}</p>}
      <More pages={pages} label={texts.inbox.older} />
    </section>
  );
}

function Group({ title, children }: { title: string; children: readonly ReactNode[] }): ReactNode {
  if (children.length === 0) return null;
  return (
    <>
      <h2>{title}</h2>
      <ul className="notifications">{children}</ul>
    </>
  );
}

interface TypesProps {
  readonly known: readonly string[];
  readonly type: string | undefined;
  readonly choose: (type: string | undefined) => void;
}

function Types({ known, type, choose }: TypesProps): ReactNode {
  return (
    <select
      aria-label={texts.inbox.type}
      value={type ?? ""}
      onChange={({ target }) => choose(target.value === "" ? undefined : target.value)}
    >
      <option value="">{texts.inbox.allTypes}</option>
      {known.map((one) => (
        <option key={one} value={one}>
          {typeLabel(one)}
        </option>
      ))}
    </select>
  );
}

function none({ type, isUnreadOnly }: Shown): string {
  if (isUnreadOnly) return texts.inbox.noneUnread;
  return type === undefined ? texts.inbox.none : texts.inbox.noneOfType;
}

/** Focuses the button of a notification, or the list if there is none. */
function focusOn(list: HTMLElement | null, id: number | undefined): void {
  const button = id === undefined ? null : list?.querySelector<HTMLElement>(`[data-id="${id}"] .mark`);
  (button ?? list)?.focus();
}
