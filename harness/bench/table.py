# SPDX-License-Identifier: GPL-2.0-only
"""The table: which figures it shows, what they are to reach, how they are derived and printed.

What a rows_*.c measures appears here once a Row below names it.
"""

import dataclasses
import re
import statistics

# Locks that several CPUs take, by whose they are; a name with "cpu" in it is one CPU's own. In the
# base a CPU's flush queue is emptied by others as well.
SHARED_LOCKS = {
    "alloc": re.compile(r"iova|rcache|depot|magazine", re.I),
    "glue": re.compile(r"iova|rcache|depot|magazine|fq|\bq->lock|iommu_dma|cookie", re.I),
}
SHARED_LOCKS["whole"] = re.compile(
    SHARED_LOCKS["glue"].pattern + r"|qi->|cache_lock|domain->lock|iommu->|device_domain", re.I)
CPU_LOCK = re.compile(r"cpu", re.I)
EMPTY_LOCK = "bench_empty_lock"

BASE = "base"	# a row's target: what the base has
THIRD = "a third of base"
FIFTH = "a fifth of base"


@dataclasses.dataclass
class Row:
    """One line of the table.

    stat    which number of the figure is shown
    target  what it is to reach: a number, BASE, THIRD, FIFTH, or None
    up      more is better
    unit    of the number; instructions where nothing is said
    per     the number is for so many, and shown for one
    base_key  the base's figure, where it is another than ours
    """
    section: str
    title: str
    key: tuple
    stat: str = "median"
    target: object = None
    up: bool = False
    unit: str = "instructions"
    per: int = 1
    base_key: tuple = None


def pages_of(count):
    return f"{count} page" + "s" * (count > 1)


def pair(section, title, figure, ops, stat="median", targets=(None, None)):
    """Two rows, one for each operation of a figure."""
    return [Row(section, f"{title}: {op}", (*figure, op), stat, target)
            for op, target in zip(ops, targets)]


def allocator_rows():
    section, rows = "IOVA allocator", []
    for pages, targets in ((1, (100, 85)), (16, (None, None)), (64, (115, 100)),
                           (256, (115, 100))):
        rows += pair(section, f"alloc_iova_fast, {pages_of(pages)}", ("fast", "-", f"pair_{pages}"),
                     ("alloc", "free"), targets=targets)
    for name, what in (("ring", "ring of 1024 live"), ("burst", "bursts of 300")):
        for pages in (1, 64, 256):
            rows += pair(section, f"{what}, {pages_of(pages)}, mean",
                         ("fast", "-", f"{name}_{pages}"), ("alloc", "free"), "mean")
    for pages in (1, 64):
        rows += pair(section, f"alloc_iova, {pages_of(pages)}, empty domain",
                     ("tree", "-", f"empty_{pages}"), ("alloc", "free"))
    return rows


def worst_rows():
    section, rows = "IOVA allocator, worst case", []
    for title, row, target, ops in (
            ("64 pages among 100 000 live, one-page holes", "holes_64", 3000, 2),
            ("the same below 4 GiB", "holes_64_32bit", 3000, 2),
            ("64 pages refused, 196 000 live, one-page holes, 1 GiB window", "refused_64", 3000, 2),
            ("the same below 4 GiB", "refused_64_32bit", 3000, 2),
            ("the same, alloc_iova_fast, 16 pages", "refused_fast_16_32bit", 3000, 1),
            ("1 page below 4 GiB among 300 000 live", "mixed_1", 3000, 2),
            ("16 pages below 4 GiB among 300 000 live", "mixed_16", 3000, 2),
            ("the same, alloc_iova_fast, 1 page", "mixed_fast_1", 3000, 2),
            ("the same, alloc_iova_fast, 16 pages", "mixed_fast_16", 3000, 2)):
        rows += pair(section, title, ("tree", "-", row), ("alloc", "free")[:ops], "worst",
                     (target, None))
    rows.append(Row(section, "16 pages when all space is cached as single pages: alloc",
                    ("fast", "-", "flush_16", "alloc"), "worst"))
    rows.append(Row(section, "memory per live range", ("tree", "-", "memory", "bytes"), "value",
                    BASE, unit="bytes"))
    return rows


def lock_rows():
    section, rows = "Under locks shared between CPUs, per alloc+free", []
    patterns = [(f"fast/{name}_{pages}", f"{what}, {pages_of(pages)}")
                for name, what in (("pair", "alloc, free"), ("ring", "ring of 1024 live"),
                                   ("burst", "bursts of 300"))
                for pages in (1, 64, 256)]
    patterns += [(f"lock/handoff_{pages}", f"one CPU allocates, another frees, {pages_of(pages)}")
                 for pages in (1, 64, 256)]
    for name, title in patterns:
        rows.append(Row(section, title, ("locks", "-", name, "alloc"), "net", 2))
        rows.append(Row(section, f"{title}: with LOCK_STAT's own",
                        ("locks", "-", name, "alloc"), "raw"))
        rows.append(Row(section, f"{title}: acquisitions", ("locks", "-", name, "alloc"),
                        "acquisitions", unit="times"))
    rows.append(Row(section, "longest hold while all caches are flushed",
                    ("locks", "-", "fast/flush_16", "alloc"), "hold_max"))
    return rows


def dma_lock_rows():
    section, rows = "Under locks shared between CPUs, per map+unmap", []
    for policy, targets in (("lazy", {"whole": 2, "glue": 2}),
                            ("strict", {"whole": FIFTH, "glue": BASE})):
        for name, title in (("dma/single_4k", "4 KiB"), ("dma/nic_ring", "ring of 1024 buffers")):
            for owner, what in (("whole", ""), ("glue", ", the glue's own")):
                title_here = f"{policy}, {title}{what}"
                figure = ("locks", policy, name, owner)
                rows.append(Row(section, title_here, figure, "net", targets[owner]))
                rows.append(Row(section, f"{title_here}: acquisitions", figure, "acquisitions",
                                unit="times"))
    section = "Atomic instructions per map+unmap of 4 KiB"
    for policy, target in (("lazy", 2), ("strict", THIRD)):
        rows += [Row(section, f"{policy}: {title}", ("atomic", policy, "single_4k", op), "value",
                     goal, unit="times", per=STEPPED)
                 for op, title, goal in (("all", "all", None),
                                         ("shared", "on lines that two CPUs change", target))]
    return rows


STEPPED = 2048	# map+unmap that rows_atomic.c steps through

# Name of a row in rows_dma.c, title
DMA_ROWS = (
    ("single_4k", "dma_map_page, 4 KiB"),
    ("single_64k", "dma_map_page, 64 KiB"),
    ("single_1m", "dma_map_page, 1 MiB"),
    ("sg_16_adjacent", "dma_map_sg, 16 x 4 KiB, adjacent"),
    ("sg_16_scattered", "dma_map_sg, 16 x 4 KiB, scattered"),
    ("sg_128_adjacent", "dma_map_sg, 128 x 4 KiB, adjacent"),
    ("sg_128_scattered", "dma_map_sg, 128 x 4 KiB, scattered"),
    ("sg_128_shuffled", "dma_map_sg, 128 x 4 KiB, shuffled"),
    ("nic_ring", "ring of 1024 buffers, 1500 to 4096 bytes"),
)

# What map, lazy unmap and strict unmap are to reach, with a driver as cheap as the glue
DMA_TARGETS = {
    "single_4k": (400, 450, 900),
    "single_64k": (600, 600, 1050),
    "single_1m": (3500, 1800, 2300),
    "sg_128_adjacent": (8000, 2500, 3000),
    "sg_128_shuffled": (14000, None, None),
}


def dma_targets(row, policy):
    mapped, lazy, strict = DMA_TARGETS.get(row, (None, None, None))
    return mapped, lazy if policy == "lazy" else strict


def share_rows(arch, label, policy):
    """What is the glue's and the core's own: the whole without the driver's map and unmap."""
    return [row for name, title in DMA_ROWS if name != "nic_ring"
            for row in pair(f"{arch}DMA API, {policy}, without the driver's own work", title,
                            ("glue", label + policy, name), ("map", "unmap"), "mean", (BASE, BASE))]


def vtd_rows():
    """What invalidation costs the driver, beyond its page table's own operations."""
    section = "VT-d driver, invalidation, without reading the clock"
    return [Row(section, "4 KiB, strict unmap", ("forget", "strict", "sync"), "mean", 350),
            Row(section, "lazy unmap, one flush for 250", ("forget", "lazy", "flush"), "mean", 60,
                per=250)]


def inval_rows(arch, label, policy):
    """The most that any of the unmaps had."""
    section, rows = f"{arch}Invalidations per unmap, {policy}", []
    for name, title in (("single_4k", "4 KiB"), ("single_1m", "1 MiB"),
                        ("sg_16_adjacent", "16 x 4 KiB, adjacent"),
                        ("sg_128_adjacent", "128 x 4 KiB, adjacent"),
                        ("sg_128_shuffled", "128 x 4 KiB, shuffled")):
        for op, target in (("invalidations", None), ("waits", 1)):
            rows.append(Row(section, f"{title}: {op}", ("inval", label + policy, name, op), "worst",
                            target, unit="times"))
    return rows


def dma_rows(arch, label):
    rows = []
    for policy in ("lazy", "strict"):
        section = f"{arch}DMA API, {policy}"
        for row, title in DMA_ROWS:
            rows += pair(section, title, ("dma", label + policy, row), ("map", "unmap"), "mean",
                         dma_targets(row, policy))
        rows += share_rows(arch, label, policy)
        rows += inval_rows(arch, label, policy) if policy == "strict" else []
        if label:
            continue
        for pages in (1, 16):
            rows += [Row(section, f"dma_map_benchmark, {pages * 4} KiB: {op}",
                         ("base", policy, f"dma_map_benchmark_{pages}", op), "us",
                         unit="microseconds") for op in ("map", "unmap")]
    return rows


PAGES_1G = 1 << 18

# Name of a row in bench_map.c, op, title, statistic, how many the figure is for
MAP_ROWS = (
    ("512_fresh", "map", "512 x 4 KiB in one call, new tables: map, per page", "median", 512),
    ("512", "map", "512 x 4 KiB in one call: map, per page", "median", 512),
    ("512", "unmap", "512 x 4 KiB in one call: unmap, per page", "median", 512),
    ("1g_by_512", "map", "1 GiB by 512 x 4 KiB: map, per page", "median", PAGES_1G),
    ("1g_by_4k", "map", "1 GiB by 4 KiB: map, per call", "median", PAGES_1G),
    ("1g_by_4k", "unmap", "1 GiB of 4 KiB pages, one call: unmap", "median", 1),
    ("1", "map", "4 KiB, again and again: map", "mean", 1),
    ("1", "unmap", "4 KiB, again and again: unmap", "mean", 1),
    ("1_alone", "map", "the same, alone in its table: map", "mean", 1),
    ("1_alone", "unmap", "the same, alone in its table: unmap", "mean", 1),
    ("1g_once", "map", "1 GiB, one call: map", "median", 1),
    ("1g_once", "unmap", "1 GiB, one call: unmap", "median", 1),
    ("memory", "bytes", "all tables, 1 GiB mapped by 4 KiB", "value", 1),
    ("memory", "left", "tables left when that is unmapped, beyond those of the empty domain", "value", 1),
)


def map_rows(section, key, base_key=None, targets=None):
    """The rows of one way to map; targets by (row, op)."""
    rows = []
    for name, op, title, stat, per in MAP_ROWS:
        rows.append(Row(section, title, (*key, name, op), stat,
                        (targets or {}).get((name, op)), per=per,
                        unit="bytes" if name == "memory" else "instructions",
                        base_key=base_key and (*base_key, name, op)))
    return rows


# One call of iommu_map() for one page may cost 300, of which the core's share is about 150.
CALL_TARGET = {("1g_by_4k", "map"): 300, ("1", "map"): 300}
ALONE_TARGET = {("1g_by_4k", "map"): 150, ("1", "map"): 150}
TABLE_TARGETS = {
    ("512_fresh", "map"): 12, ("512", "map"): 12, ("1g_by_512", "map"): 12,
    ("1g_by_4k", "unmap"): 150000,
    ("1g_once", "map"): 520, ("1g_once", "unmap"): 430,
    ("memory", "bytes"): BASE,
}


def iommu_rows():
    rows = map_rows("IOMMU API", ("map", "-"))
    rows += pair("IOMMU API", "1 GiB, one call, domain never attached",
                 ("map_fresh", "-", "1g_once"), ("map", "unmap"))
    for name, title in (("vtd_ss_nc", "VT-d second stage, non-coherent walk"),
                        ("vtd_ss", "VT-d second stage, coherent walk"),
                        ("vtd_fs_nc", "VT-d first stage, non-coherent walk"),
                        ("vtd_fs", "VT-d first stage, coherent walk")):
        rows += map_rows(f"Page tables: {title} (base: its VT-d driver, through iommu_map)",
                         (name, "-"), ("map", "-"), {**TABLE_TARGETS, **ALONE_TARGET})
    return rows + map_rows("Page tables: Arm 64-bit stage 1, on x86-64", ("lpae_s1", "-"))


def arm64_rows():
    return [Row("arm64: Clock", "reading the clock (part of every figure by instructions)",
                ("clock", "arm64", "read", "read")),
            *map_rows("arm64: Page tables, Arm 64-bit stage 1", ("lpae_s1", "arm64"), None,
                      {**TABLE_TARGETS, **ALONE_TARGET}),
            *map_rows("arm64: IOMMU API, SMMUv3", ("map", "arm64"), None,
                      {**TABLE_TARGETS, **CALL_TARGET, ("1g_once", "unmap"): BASE}),
            *dma_rows("arm64: ", "arm64-"), *smp_dma_rows("arm64: ", "arm64-")]


# Memory in prereg_bench.c, title of 2 MiB of it, title of all, bytes that a registered GiB may take
# beyond the header: 8 for a page or 16 for a run, whichever is less
PREREG_MEMORY = (
    ("fresh", "2 MiB of 4 KiB pages, as they come", "4 KiB pages, as they come", 8 * PAGES_1G),
    ("scattered", "2 MiB of 4 KiB pages, scattered", "4 KiB pages, scattered", 8 * PAGES_1G),
    ("huge", "2 MiB, one huge page", "huge pages of 2 MiB", 16 * 512),
)
PREREG_FIFTH = ("2m_fresh", "2m_scattered")	# rows of 4 KiB pages, which are to reach that
PREREG_SHARE = 4	# of a GiB: what is registered for its memory to be read


def prereg_rows():
    """The base has no registration on x86-64: beside a registered mapping stands its only one."""
    section = "VFIO type 1, user memory"
    rows = [Row(section, "reading the clock (once in map and unmap, twice in both)",
                ("prereg", "plain", "clock", "read"))]
    rows += [Row(section, f"{title}: runs of physical memory",
                 ("prereg", "plain", f"2m_{memory}", "runs"), "value", unit="runs")
             for memory, title, _, _ in PREREG_MEMORY]
    for label, what in (("registered", "registered (base: not registered)"),
                        ("plain", "not registered")):
        for name, title in (*((f"2m_{memory}", title) for memory, title, _, _ in PREREG_MEMORY),
                            ("4k", "4 KiB")):
            fifth = FIFTH if label == "registered" and name in PREREG_FIFTH else None
            rows += [Row(f"VFIO type 1, user memory, {what}", f"{title}: {op}",
                         ("prereg", label, name, op), target=fifth if op == "both" else None,
                         base_key=("prereg", "plain", name, op)) for op in ("map", "unmap", "both")]
    return rows + registration_rows()


def registration_rows():
    section = "VFIO type 1, registering user memory (base: each map and unmap)"
    rows = [Row(section, f"{title}: {what}", ("prereg", "registered", f"2m_{memory}", op),
                base_key=("prereg", "plain", f"2m_{memory}", base_op))
            for memory, title, _, _ in PREREG_MEMORY
            for op, what, base_op in (("register", "register", "map"),
                                      ("unregister", "unregister", "unmap"),
                                      ("reg_unreg", "both", "both"))]
    section = "Memory for registered ranges (base: powerpc's, by its source)"
    rows.append(Row(section, "header of a range", ("prereg", "registered", "header_fresh", "bytes"),
                    "value", unit="bytes", base_key=("powerpc", "-", "header", "bytes")))
    rows += [Row(section, f"beyond the header, for a GiB, {title}",
                 ("prereg", "registered", f"memory_{memory}", "per_gib"), "value", limit,
                 unit="bytes", base_key=("powerpc", "-", "1g", "bytes"))
             for memory, _, title, limit in PREREG_MEMORY]
    return rows


# What arch/powerpc/mm/book3s64/iommu_api.c of the base takes for a range, 88 bytes out of a slab
# of 96 and 8 for each page: not measured, as no machine that is measured here has it
POWERPC = {("powerpc", "-", "header", "bytes"): {"value": 96},
           ("powerpc", "-", "1g", "bytes"): {"value": 8 * PAGES_1G}}


def io_rows():
    rows = []
    for mode in ("off", "lazy", "strict"):
        section = f"Whole I/O, IOMMU {mode}"
        rows.append(Row(section, "UDP, 64 bytes, e1000e: packet sent",
                        ("io", mode, "udp_64", "packet"), "mean"))
        rows.append(Row(section, "UDP, 64 bytes, e1000e: packet sent and received",
                        ("io", mode, "udp_64_both", "packet"), "mean"))
        for row, title in (("read_4k", "4 KiB"), ("read_128k", "128 KiB"),
                           ("read_1m", "1 MiB, requests as large as may be"),
                           ("read_1m_by_128k", "1 MiB, requests of 128 KiB")):
            rows.append(Row(section, f"NVMe read, {title}", ("io", mode, row, "read")))
        rows.append(Row(section, "NVMe, largest request", ("io", mode, "max_request", "kb"),
                        "value", up=True, unit="KiB"))
    for mode, targets in (("lazy", (1700, None)), ("strict", (2300, None))):
        rows += [Row("Whole I/O, over IOMMU off", f"UDP, 64 bytes, e1000e, {mode}: packet {what}",
                     ("io_over", mode, row, "packet"), "mean", target)
                 for row, what, target in zip(("udp_64", "udp_64_both"),
                                              ("sent", "sent and received"), targets)]
    return rows


def boot_rows():
    """Every instruction takes a nanosecond of the guest's time."""
    return [Row("Boot, from the first DMAR line until all devices are attached", f"{policy}{part}",
                ("boot", policy, "dmar", figure), "value", BASE, unit="us")
            for policy in ("lazy", "strict")
            for part, figure in (("", "attached"), (": what the driver does", "driver"))]


def smp_rows():
    section, rows = "Two CPUs, alloc+free", []
    for name, title in (("pair_1", "1 page"), ("pair_64", "64 pages"),
                        ("burst_1", "1 page, bursts of 300")):
        rows += smp_pair(section, title, ("smp", "-", name))
    return rows


def smp_pair(section, title, figure):
    return [Row(section, f"{title}: throughput of two", (*figure, "two"), "median", BASE, True,
                "per ms"),
            Row(section, f"{title}: two to one", (*figure, "ratio"), "median", BASE, True, "times")]


def smp_dma_rows(arch, label):
    return [row for policy in ("lazy", "strict")
            for name, title in (("dma_1", "4 KiB"), ("dma_16", "64 KiB"),
                                ("dma_burst_1", "4 KiB, bursts of 40"))
            for row in smp_pair(f"{arch}Two CPUs, map+unmap, {policy}", title,
                                ("smp_dma", label + policy, name))]


ROWS = [Row("Clock", "reading the clock (part of every figure by instructions)",
            ("clock", "-", "read", "read")),
        *allocator_rows(), *worst_rows(), *lock_rows(), *dma_rows("", ""), *vtd_rows(), *dma_lock_rows(),
        *iommu_rows(), *prereg_rows(), *io_rows(), *boot_rows(), *smp_rows(), *smp_dma_rows("", ""),
        *arm64_rows()]


def shared_locks(figures, row, pattern):
    """The shared locks of one kind while a row ran: (class name, its figure)."""
    return [(key[2], figure) for key, figure in figures.items()
            if key[:2] == ("lockstat", row) and pattern.search(key[2]) and
            not CPU_LOCK.search(key[2])]


def lock_figure(locks, operations, per_hold):
    taken = sum(lock["acquisitions"] for _, lock in locks) / operations
    raw = sum(lock["hold_total"] for _, lock in locks) * 1000 / operations
    return {"raw": raw, "net": max(raw - taken * per_hold, 0), "acquisitions": taken,
            "hold_max": max([lock["hold_max"] * 1000 - per_hold for _, lock in locks], default=0),
            "empty_hold": per_hold,
            "classes": {name: lock["acquisitions"] / operations for name, lock in locks}}


def add_locks(figures, own_figures):
    """Derives what is spent under shared locks from the lock statistics of one guest.

    A lock that is taken and released at once shows what LOCK_STAT itself adds to each hold.
    """
    empty = [figure for key, figure in own_figures.items()
             if key[0] == "lockstat" and key[1].endswith(" lock/empty_hold") and key[2] == EMPTY_LOCK]
    if not empty:
        return
    per_hold = empty[0]["hold_total"] * 1000 / empty[0]["acquisitions"]
    for row in sorted({key[1] for key in own_figures if key[0] == "lockstat"}):
        label, name = row.split()
        kind, plain = name.split("/")
        counts = [own_figures[key]["n"] for op in ("alloc", "map")
                  if (key := (kind, label, plain, op)) in own_figures]
        for owner, pattern in SHARED_LOCKS.items() if counts else ():
            figures["locks", label, name, owner] = lock_figure(
                shared_locks(own_figures, row, pattern), counts[0], per_hold)


def add_smp(figures, samples):
    """Derives throughput and its growth from the figures of several guests."""
    for row in sorted({key[:3] for sample in samples for key in sample if key[0] in SMP_SHARES}):
        times = [(sample[*row, "one_cpu"]["best"], sample[*row, "two_cpus"]["best"])
                 for sample in samples if (*row, "two_cpus") in sample]
        add_spread(figures, row, "two", [2 * SMP_SHARES[row[0]] * 1e6 / two for _, two in times])
        add_spread(figures, row, "ratio", [2 * one / two for one, two in times])


SMP_SHARES = {"smp": 20000, "smp_dma": 4000}	# pairs that one CPU does, in rows_smp*.c


def add_spread(figures, row, name, values):
    low, _, high = statistics.quantiles(values, n=4) if len(values) > 1 else values * 3
    figures[*row, name] = {"median": statistics.median(values), "spread": high - low,
                           "n": len(values)}


def add_difference(figures, key, whole, part):
    """Adds what a figure has more than another one; both have the clock's share."""
    if whole in figures and part in figures:
        figures[key] = {stat: figures[whole][stat] - figures[part][stat]
                        for stat in ("median", "mean")}


def add_differences(figures):
    """Derives what is left of mappings without the driver, and of packets without the IOMMU."""
    for _, label, row, op in [key for key in figures if key[0] == "driver"]:
        add_difference(figures, ("glue", label, row, op), ("dma", label, row, op),
                       ("driver", label, row, op))
    for policy, op in (("strict", "sync"), ("lazy", "flush")):
        add_difference(figures, ("forget", policy, op), ("driver", policy, "forget", op),
                       ("clock", "-", "read", "read"))
    for _, label, row, op in [key for key in figures if key[0] == "io"]:
        if label != "off" and row.startswith("udp_"):
            add_difference(figures, ("io_over", label, row, op), ("io", label, row, op),
                           ("io", "off", row, op))
    for memory, *_ in PREREG_MEMORY:
        add_registered_memory(figures, memory)


def add_registered_memory(figures, memory):
    """Derives what registration takes for a GiB; a kernel without it has neither figure."""
    whole = figures.get(("prereg", "registered", f"memory_{memory}", "bytes"))
    header = figures.get(("prereg", "registered", f"header_{memory}", "bytes"))
    if whole and header:
        figures["prereg", "registered", f"memory_{memory}", "per_gib"] = {
            "value": PREREG_SHARE * (whole["value"] - header["value"])}


def line(row, base, ours):
    """A row with its figures of both kernels, as JSON keeps it."""
    result = dataclasses.asdict(row)
    result["detail"] = {"base": base.get(row.base_key or row.key), "ours": ours.get(row.key)}
    for side, figure in result["detail"].items():
        value = (figure or {}).get(row.stat)
        result[side] = value if value is None else value / row.per
    if None in (result["base"], result["ours"]):
        result["ratio"] = result["met"] = None
        return result
    result["ratio"] = result["base"] / result["ours"] if result["ours"] else None
    if row.up and result["ratio"]:
        result["ratio"] = 1 / result["ratio"]
    target = row.target
    if target == BASE:
        spread = base[row.key].get("spread", 0) if row.key[-1] == "ratio" else 0
        target = result["base"] - spread
    elif target in (THIRD, FIFTH):
        target = result["base"] / (3 if target == THIRD else 5)
    result["to_reach"] = target
    result["met"] = None if target is None else \
        (result["ours"] >= target if row.up else result["ours"] <= target)
    return result


def number(value):
    if value is None:
        return "-"
    if value and value < 10:
        return f"{value:.2f}"
    return f"{value:,.0f}".replace(",", " ")


def cells(entry):
    goal = ""
    if entry["target"] is not None:
        goal = ("at least " if entry["up"] else "at most ") + number(entry.get("to_reach"))
    verdict = {True: "met", False: "MISSED", None: ""}[entry["met"]]
    ratio = number(entry["ratio"] or None)
    unit = "" if entry["unit"] == "instructions" else f" ({entry['unit']})"
    return [entry["title"] + unit, number(entry["base"]), number(entry["ours"]), ratio, goal,
            verdict]


HEAD = ["work", "base", "ours", "better by", "to reach", ""]


def sections(entries):
    found = {}
    for entry in entries:
        found.setdefault(entry["section"], []).append(entry)
    return found.items()


def as_text(entries):
    """The table for a terminal."""
    lines = []
    for section, part in sections(entries):
        lines += ["", section]
        lines.append("  {:<68} {:>13} {:>13} {:>9}  {:<18} {}".format(*HEAD))
        for entry in part:
            lines.append("  {:<68} {:>13} {:>13} {:>9}  {:<18} {}".format(*cells(entry)).rstrip())
    return "\n".join(lines)


def as_markdown(entries):
    """The table for a cover letter."""
    lines = []
    for section, part in sections(entries):
        lines += ["", f"### {section}", "", "| " + " | ".join(HEAD) + " |",
                  "|---|--:|--:|--:|---|---|"]
        lines += ["| " + " | ".join(cells(entry)) + " |" for entry in part]
    return "\n".join(lines[1:]) + "\n"
