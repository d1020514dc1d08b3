import type { DuelcastError } from "@duelcast/client";
import { http } from "@duelcast/client/http";
import type { Setting, SettingInForce } from "@duelcast/client/types";
import { useId, useRef, useState, type FormEvent, type ReactNode } from "react";
import { client } from "../../../app/session";
import { operateTexts } from "../../../app/texts/operate";
import { drafts } from "../../../data/drafts";
import { asError } from "../../../data/reading";
import { Button } from "../../../parts/button";
import { boundsOf } from "./bounds";
import { Conflict } from "./conflict";
import { parse, toText } from "./value";
import { ValueInput } from "./value-input";

const { settings: texts } = operateTexts;

/** By key: a value that was typed, and the version of the setting that the user saw when they began. */
const typed = drafts<{ readonly text: string; readonly version: number }>();

interface Props {
  readonly setting: SettingInForce;
  /** What has become of the last change; empty if nothing. */
  readonly done: string;
  readonly finish: (done: string) => void;
  readonly edited: () => void;
}

/** Edits the value of a setting. What was typed is stored only if nobody else was faster. */
export function Editor({ setting, done, finish, edited }: Props): ReactNode {
  const { key, version } = setting;
  const draft = typed.use(key);
  const [error, setError] = useState<DuelcastError>();
  const [conflict, setConflict] = useState<Setting>();
  const [isSaving, setIsSaving] = useState(false);
  const [hint, limits] = [useId(), useId()];
  const form = useRef<HTMLFormElement>(null);
  const text = draft?.text ?? toText(setting);
  const parsed = parse(text, setting);
  const problem = "problem" in parsed ? parsed.problem : undefined;
  const bounds = boundsOf(setting);

  function save(expectedVersion: number): void {
    if ("problem" in parsed) return;
    setIsSaving(true);
    setError(undefined);
    http(client, "PUT /api/v69/settings/{key}", {
      parameters: { key },
      body: { value: parsed.value, expectedVersion },
    })
      .then(
        () => {
          typed.drop(key);
          setConflict(undefined);
          finish(texts.saved);
        },
        (failure: unknown) => {
          const refusal = asError(failure);
          const current = currentOf(refusal);
          setConflict(current);
          if (!current) setError(refusal);
        },
      )
      .finally(() => setIsSaving(false));
  }

  function edit(next: string): void {
    setError(undefined);
    edited();
    typed.keep(key, { text: next, version: draft?.version ?? version });
  }

  function giveUp(): void {
    typed.drop(key);
    setConflict(undefined);
    setError(undefined);
    finish("");
    // The button that was pressed goes away.
    form.current?.querySelector<HTMLElement>("input, textarea, select")?.focus();
  }

  function submit(event: FormEvent): void {
    event.preventDefault();
    save(draft?.version ?? version);
  }

  return (
    <form ref={form} className="form" onSubmit={submit}>
      <label>
        {setting.secret ? texts.newValue : texts.value}
        <ValueInput
          setting={setting}
          text={text}
          edit={edit}
          describedBy={`${limits} ${hint}`}
          isInvalid={draft !== undefined && problem !== undefined}
        />
      </label>
      {bounds !== undefined && (
        <p id={limits} className="dim">
          {texts.valid(bounds)}
        </p>
      )}
      <p id={hint} role="status" className={problem !== undefined || error ? "bad" : "good"}>
        {(draft && problem) ?? (error && operateTexts.refused(error.message, error.code)) ?? done}
      </p>
      {conflict && (
        <Conflict
          mine={text}
          current={conflict}
          isSecret={setting.secret}
          keepMine={() => save(conflict.version)}
          takeTheirs={giveUp}
        />
      )}
      {!conflict && (
        <div className="actions">
          <Button className="primary" isOff={!draft || problem !== undefined || isSaving}>
            {isSaving ? texts.saving : texts.save}
          </Button>
          {draft && (
            <button type="button" onClick={giveUp}>
              {texts.giveUp}
            </button>
          )}
        </div>
      )}
    </form>
  );
}

/** The setting as it is now, if a change was refused because somebody else was faster. */
function currentOf({ code, details }: DuelcastError): Setting | undefined {
  return code === "VERSION_CONFLICT" ? (details?.["current"] as Setting | undefined) : undefined;
}
