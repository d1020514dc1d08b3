import { useEffect, useEffectEvent, useRef, type ReactNode } from "react";
import UPlot from "uplot";

/** The colours of the page in its present scheme, for what is drawn on a canvas. */
export type Colors = Readonly<Record<"text" | "dim" | "line" | "good" | "bad" | "accent", string>>;

interface Props {
  /** The values for x and for each series. */
  readonly data: UPlot.AlignedData;
  /** What is drawn and how; the size is that of the box. It is read once, and the colours at each drawing. */
  readonly options: (colors: () => Colors) => Omit<UPlot.Options, "width" | "height">;
  /** What the chart shows, in words. */
  readonly label: string;
}

/** A chart that fills its box. */
export default function Chart({ data, options, label }: Props): ReactNode {
  const box = useRef<HTMLDivElement>(null);
  const chart = useRef<UPlot>(undefined);
  const initial = useEffectEvent(() => ({ data, options }));

  useEffect(() => {
    const element = box.current!;
    let colors = colorsOf(element);
    const first = initial();
    const size = (): { width: number; height: number } => ({
      width: element.clientWidth,
      height: element.clientHeight,
    });
    const plot = new UPlot({ ...size(), ...first.options(() => colors) }, first.data, element);
    chart.current = plot;
    const resizes = new ResizeObserver(() => plot.setSize(size()));
    resizes.observe(element);
    const scheme = matchMedia("(prefers-color-scheme: dark)");
    function recolor(): void {
      colors = colorsOf(element);
      plot.redraw();
    }
    scheme.addEventListener("change", recolor);
    return () => {
      scheme.removeEventListener("change", recolor);
      resizes.disconnect();
      plot.destroy();
      chart.current = undefined;
    };
  }, []);

  useEffect(() => chart.current?.setData(data), [data]);

  return <div ref={box} className="chart" role="img" aria-label={label} />;
}

/** A canvas understands no custom properties, but what an element computes of them. */
function colorsOf(parent: HTMLElement): Colors {
  const probe = parent.appendChild(document.createElement("i"));
  const entries = (["text", "dim", "line", "good", "bad", "accent"] as const).map((name) => {
    probe.style.color = `var(--${name})`;
    return [name, getComputedStyle(probe).color] as const;
  });
  probe.remove();
  return Object.fromEntries(entries) as unknown as Colors;
}
