"""The key figures of a measurement, in a few words."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from particleforge.measurement.certainty import expected_words, unlike
from particleforge.measurement.in_pieces import pieces_sentence
from particleforge.measurement.pooling import not_pooled_sentence
from particleforge.measurement.report.grain_size import METHOD_TITLES, numbers_text
from particleforge.measurement.report.scale import Scale, percent
from particleforge.measurement.report.warnings import remarks_on, without_size
from particleforge.measurement.statistics.describe import Estimate
from particleforge.measurement.tracking.words import movie_words
from particleforge.store.left_out import left_out_sentence
from particleforge.wording import joined, plural

if TYPE_CHECKING:
    from particleforge.measurement.results import Measurement


def measurement_report(measured: "Measurement", _: Mapping[str, Any]) -> dict[str, Any]:
    """Report where the results are, their key figures, and what could not be measured."""
    found: dict[str, Any] = {"results": str(measured.out), **headline(measured.summary)}
    found |= {"movies": movie_words(movies)} if (movies := measured.summary.get("movies")) else {}
    report = measured.out / "report.html"
    found |= {"report": str(report)} if report.is_file() else {}
    left_out = measured.summary["left_out"]
    found |= {"left_out": left_out_sentence(left_out)} if left_out else {}
    if pieces := pieces_sentence(measured.summary["pooled"]["in_pieces"], measured.summary["pooled"]["divided"]):
        found["in_pieces"] = pieces
    remarks = [*measured.summary["remarks"], *remarks_on(measured.summary["images"])]
    found |= {"remarks": " ".join(remarks)} if remarks else {}
    if excluded := not_pooled_sentence(measured.summary["not_pooled"]):
        found["not_pooled"] = excluded
    failed = [f"{name} ({reason})" for name, reason in measured.summary["failed"].items()]
    found |= {"not_measured": "; ".join(failed)} if failed else {}
    return found | {"summary": measured.summary}


def headline(summary: Mapping[str, Any]) -> dict[str, str]:
    """Return counts, geometric mean, GSD and certainty of a finished measurement."""
    pooled = summary["pooled"]
    images = {name: entry for name, entry in summary["images"].items() if name not in summary["not_pooled"]}
    counts = f"{pooled['count']} in {plural(len(images), 'image')}, {pooled['touching_border']} touching the border"
    lines = {"particles": f"{counts}; {pooled['counted']} counted by the rule {pooled['border_rule']}"}
    unit = next((unit for unit in ("nm", "px") if pooled[unit] and pooled[unit]["gsd"]), None)
    if unit:
        note = " (pixel size unknown; set it with --pixel-size)" if unit == "px" else ""
        size = pooled[unit]
        scale, limits = Scale.fitting(unit, size["d50"]), pooled["intervals"]
        middle = scale.estimate(Estimate(size["geometric_mean"], *limits["geometric_mean"])).text
        spread = " ".join(Estimate(size["gsd"], *limits["gsd"]).text).strip()
        lines["diameter"] = f"geometric mean {f'{middle[0]} {scale.sign} {middle[1]}'.strip()}, GSD {spread}{note}"
    lines |= uncertainty_line(pooled)
    lines |= grain_size_line(pooled.get("grain_size"))
    if aggregates := pooled.get("aggregation"):
        lines |= aggregation_line(aggregates)
    sizes = {name: entry["pixel_size_nm"] for name, entry in images.items() if entry["count"]}
    unsized = [name for name, size in sizes.items() if size is None]
    if 0 < len(unsized) < len(sizes):
        lines["diameter"] = f"not pooled over all images. {without_size(unsized)}"
    sure = {name: entry["certainty"] for name, entry in images.items() if entry.get("certainty") is not None}
    if sure:
        worst = min(sure, key=lambda name: sure[name])
        stated = f" ({expected})" if (expected := expected_words(images[worst])) else ""
        average = sum(sure.values()) / len(sure)
        lines["certainty"] = f"{average:.2f} on average, lowest {sure[worst]:.2f} in {worst}{stated}"
    if strange := unlike(images):
        lines["unlike_training"] = strange[0]
    return lines


def uncertainty_line(pooled: Mapping[str, Any]) -> dict[str, str]:
    """Return what the interval of the geometric mean holds, and the share by the definition of a nanomaterial."""
    about = pooled["uncertainty"]
    middle, lines = about["figures"]["geometric_mean"], {}
    if "expanded_percent" in middle:
        shares = {name: one["share"] for name, one in middle["components"].items() if one["share"]}
        parts = [f"{name.replace('_', ' ')} {100 * share:.0f} %" for name, share in shares.items()]
        without = [name for name, one in about["components"].items() if "geometric_mean" in one["not_included"]]
        lines["uncertainty"] = (
            f"of the geometric mean ± {middle['expanded_percent']:.2g} % (k = {about['coverage_factor']:.3g}; "
            f"{', '.join(parts)} of the variance)"
            + (f"; not included: {joined(without).replace('_', ' ')}" if without else "")
        )
    if nano := pooled["nanomaterial"]:
        share = percent(Estimate(nano["share"], nano["low"], nano["high"]))
        lines["nanomaterial"] = f"{share} of the particles are up to {nano['limit_nm']:g} nm wide. {nano['sentence']}"
    return lines


def grain_size_line(found: Mapping[str, Any] | None) -> dict[str, str]:
    """Return the ASTM grain size of a summary in words; nothing if there is none."""
    if found is None:
        return {}
    sizes = (f"{numbers_text(found[method])} ({title.lower()})" for method, title in METHOD_TITLES.items())
    return {"grain_size": f"G {', '.join(sizes)}"}


def aggregation_line(found: Mapping[str, Any]) -> dict[str, str]:
    """Return the degree of aggregation of a summary in words; nothing if no particle counts."""
    share, number = (Estimate(**found[name]) for name in ("degree_by_number", "particles_per_aggregate"))
    if share.value is None:
        return {}
    line = f"{percent(share)} of the particles in aggregates"
    return {"aggregation": line + (f", {' '.join(number.text).strip()} particles each" if number.value else "")}
