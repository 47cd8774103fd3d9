// A text as a QR code, drawn here: the secret in it goes nowhere else.

import { encode } from "uqr";

/** Empty modules around it: four, as ISO/IEC 18004 asks for. */
const QUIET = 4;

/** The code. Black on white whatever the theme is: most readers know no other. */
export function Qr({ text, label }: { text: string; label: string }) {
  const { data, size } = encode(text, { ecc: "M", border: QUIET });
  const dark = data.flatMap((row, y) => row.flatMap((is, x) => (is ? `M${x} ${y}h1v1h-1z` : [])));
  return (
    <svg class="qr" role="img" aria-label={label} viewBox={`0 0 ${size} ${size}`} shape-rendering="crispEdges">
      <rect width={size} height={size} fill="#fff" />
      <path d={dark.join("")} fill="#000" />
    </svg>
  );
}
