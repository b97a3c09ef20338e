# SPDX-License-Identifier: GPL-2.0-only
"""A bar chart of some rows of the table, as SVG: two bars each, on a logarithmic scale."""

import html
import math

import table

BASE_COLOUR, OURS_COLOUR = "#9aa3ad", "#1f6fb2"
FONT = "font-family='DejaVu Sans, Helvetica, Arial, sans-serif'"

WIDTH, LABELS, RIGHT = 960, 400, 130	# the drawing, the titles, the ratios
BAR, GAP, HEAD, FOOT = 11, 14, 92, 46
SECTION = 30

# Section, key, title: what the chart shows, and how it calls it there.
SHOWN = [
    ("Allocator, caches", ("fast", "-", "pair_1", "alloc"), "allocate 1 page"),
    ("Allocator, caches", ("fast", "-", "pair_1", "free"), "free 1 page"),
    ("Allocator, caches", ("fast", "-", "pair_64", "alloc"), "allocate 64 pages"),
    ("Allocator, caches", ("fast", "-", "pair_64", "free"), "free 64 pages"),
    ("Allocator, worst case", ("tree", "-", "holes_64", "alloc"),
     "64 pages among 100 000 live ranges"),
    ("Allocator, worst case", ("tree", "-", "refused_64", "alloc"), "refusal, 196 000 live ranges"),
    ("Allocator, worst case", ("tree", "-", "mixed_fast_16", "alloc"),
     "16 pages below 4 GiB, 300 000 live ranges"),
    ("DMA API, lazy", ("dma", "lazy", "single_4k", "map"), "map 4 KiB"),
    ("DMA API, lazy", ("dma", "lazy", "single_4k", "unmap"), "unmap 4 KiB"),
    ("DMA API, lazy", ("dma", "lazy", "single_1m", "map"), "map 1 MiB"),
    ("DMA API, lazy", ("dma", "lazy", "single_1m", "unmap"), "unmap 1 MiB"),
    ("Page tables, arm64, through iommu_map", ("map", "arm64", "1", "map"), "map 4 KiB"),
    ("Page tables, arm64, through iommu_map", ("map", "arm64", "1", "unmap"), "unmap 4 KiB"),
    ("Page tables, arm64, through iommu_map", ("map", "arm64", "512", "map"),
     "map 512 pages of 4 KiB in one call"),
    ("Page tables, arm64, through iommu_map", ("map", "arm64", "1g_by_4k", "unmap"),
     "unmap 1 GiB of 4 KiB pages in one call"),
    ("Whole I/O, lazy", ("io", "lazy", "udp_64", "packet"), "send a 64-byte UDP packet, e1000e"),
    ("Whole I/O, lazy", ("io", "lazy", "read_128k", "read"), "read 128 KiB, NVMe"),
]

STATS = {row.key: row.stat for row in table.ROWS}


class Drawing:
    """Collects elements, top down."""

    def __init__(self, low, high):
        self.low, self.high = math.floor(math.log10(low)), math.ceil(math.log10(high))
        self.parts, self.y = [], HEAD

    def x(self, value):
        span = WIDTH - LABELS - RIGHT
        part = (math.log10(max(value, 10 ** self.low)) - self.low) / (self.high - self.low)
        return LABELS + span * part

    def text(self, x, y, text, size=12, anchor="start", weight="normal", colour="#222"):
        self.parts.append(f"<text x='{x:.1f}' y='{y:.1f}' {FONT} font-size='{size}' "
                          f"text-anchor='{anchor}' font-weight='{weight}' fill='{colour}'>"
                          f"{html.escape(text)}</text>")

    def bar(self, value, colour):
        self.parts.append(f"<rect x='{LABELS}' y='{self.y:.1f}' height='{BAR}' "
                          f"width='{self.x(value) - LABELS:.1f}' fill='{colour}'/>")
        self.text(self.x(value) + 5, self.y + BAR - 1.5, f"{value:,.0f}".replace(",", " "), 10,
                  colour="#444")
        self.y += BAR + 1

    def grid(self, bottom):
        lines = []
        for power in range(self.low, self.high + 1):
            x = self.x(10 ** power)
            lines.append(f"<line x1='{x:.1f}' y1='{HEAD - 8}' x2='{x:.1f}' y2='{bottom:.1f}' "
                         "stroke='#e3e6ea'/>")
            self.text(x, bottom + 16, f"{10 ** power:,}".replace(",", " "), 10, "middle",
                      colour="#666")
        self.parts = lines + self.parts


def legend(drawing, version):
    drawing.text(20, 30, "Instructions per operation", 18, weight="bold")
    drawing.text(20, 50, "Shorter is better; the scale is logarithmic. "
                 "QEMU, one instruction per nanosecond.", 12, colour="#555")
    for x, colour, name in ((20, BASE_COLOUR, f"Linux {version}"), (150, OURS_COLOUR, "this tree")):
        drawing.parts.append(f"<rect x='{x}' y='62' width='14' height='11' fill='{colour}'/>")
        drawing.text(x + 20, 72, name)
    drawing.text(WIDTH - 20, 72, "better by", 11, "end", colour="#555")


def draw(base, ours, version):
    """The chart of figures measured on both kernels."""
    shown = [(section, title, base[key], ours[key], STATS[key])
             for section, key, title in SHOWN if key in base and key in ours]
    values = [side[stat] for *_, one, two, stat in shown for side in (one, two)]
    drawing = Drawing(min(values), max(values))
    before = None
    for section, title, one, two, stat in shown:
        if section != before:
            drawing.y += SECTION if before else 6
            drawing.text(20, drawing.y + 4, section, 13, weight="bold")
            drawing.y += 14
            before = section
        ratio = one[stat] / two[stat]
        drawing.text(LABELS - 12, drawing.y + BAR + 4, title, anchor="end")
        drawing.text(WIDTH - 20, drawing.y + BAR + 4, f"{ratio:.2f}" if ratio < 10 else
                     f"{ratio:,.0f}".replace(",", " "), 12, "end", "bold",
                     OURS_COLOUR if ratio >= 1 else "#b23a1f")
        drawing.bar(one[stat], BASE_COLOUR)
        drawing.bar(two[stat], OURS_COLOUR)
        drawing.y += GAP
    bottom = drawing.y - 4
    drawing.grid(bottom)
    legend(drawing, version)
    height = bottom + FOOT
    return (f"<svg xmlns='http://www.w3.org/2000/svg' width='{WIDTH}' height='{height:.0f}' "
            f"viewBox='0 0 {WIDTH} {height:.0f}'>\n"
            f"<rect width='{WIDTH}' height='{height:.0f}' fill='white'/>\n" +
            "\n".join(drawing.parts) + "\n</svg>\n")
