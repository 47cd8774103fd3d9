// Which monitors a window of maintenance covers: by name, by group, by tag.

import { monitors } from "../state/fleet";

/** How many monitors these keys cover. */
export function covers(spec: Record<string, unknown>): number {
  const words = (key: string) => new Set((spec[key] as string[] | undefined) ?? []);
  const [names, groups, tags] = [words("monitors"), words("groups"), words("tags")];
  return (monitors.value ?? []).filter((one) => names.has(one.name) || groups.has(one.group) || one.tags.some((tag) => tags.has(tag))).length;
}
