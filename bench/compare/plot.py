"""The table as bars, in SVG."""
from html import escape

from compare.results import cheapest_peer

COLOURS = {"cardea": "#1668b8", "nginx": "#3a9a5b", "haproxy": "#8a9299", "h2o": "#d9822b", "caddy": "#9b6bb3"}
RATIO_MAX = 3.0
LEFT, WIDTH, BAR, GAP, TOP = 330, 480, 11, 12, 64


def svg(rows, proxies, subtitle):
    """`rows`: those with figures; bars beyond RATIO_MAX are cut and say so."""
    shown = [(name, row) for name, row in rows.items() if cheapest_peer(row)]
    height = TOP + sum(len(_bars(row, proxies)) * BAR + GAP for _, row in shown) + 24
    scale = WIDTH / RATIO_MAX
    out = [f'<svg xmlns="http://www.w3.org/2000/svg" width="{LEFT + WIDTH + 110}" height="{height}" '
           'font-family="sans-serif" font-size="12">',
           '<rect width="100%" height="100%" fill="white"/>',
           f'<text x="12" y="20" font-size="15" font-weight="bold">Cost beside the cheapest peer (1.0): shorter is '
           f'better</text><text x="12" y="38" fill="#555">{escape(subtitle)}</text>']
    for index, name in enumerate(proxies):
        x = 12 + index * 90
        out.append(f'<rect x="{x}" y="46" width="10" height="10" fill="{COLOURS.get(name, "#444")}"/>'
                   f'<text x="{x + 15}" y="55">{escape(name)}</text>')
    for mark in (1.0, 2.0, 3.0):
        x = LEFT + mark * scale
        dash = ' stroke-dasharray="2 3"' if mark != 1.0 else ""
        out.append(f'<line x1="{x:.0f}" x2="{x:.0f}" y1="{TOP}" y2="{height - 20}" stroke="#999"{dash}/>'
                   f'<text x="{x:.0f}" y="{height - 6}" text-anchor="middle" fill="#555">{mark:g}</text>')
    y = TOP + GAP // 2
    for _, row in shown:
        bars = _bars(row, proxies)
        out.append(f'<text x="{LEFT - 8}" y="{y + len(bars) * BAR / 2 + 4:.0f}" text-anchor="end">'
                   f'{escape(row["title"])}</text>')
        for name, ratio in bars:
            length = max(min(ratio, RATIO_MAX) * scale, 1)
            out.append(f'<rect x="{LEFT}" y="{y}" width="{length:.1f}" height="{BAR - 1}" '
                       f'fill="{COLOURS.get(name, "#444")}"/><text x="{LEFT + length + 4:.1f}" y="{y + BAR - 2}" '
                       f'font-size="9" fill="#333">{ratio:.2f}{" (cut)" if ratio > RATIO_MAX else ""}</text>')
            y += BAR
        y += GAP
    return "\n".join(out + ["</svg>", ""])


def _bars(row, proxies):
    best = cheapest_peer(row)
    return [(name, row["by"][name]["cost"] / best) for name in proxies if "cost" in row["by"].get(name, {})]
