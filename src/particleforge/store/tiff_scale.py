"""Tags of TIFF files that hold the scale of space and time; for pixel sizes see `particleforge.store.calibration`."""

from typing import TYPE_CHECKING, Any

from particleforge.micrograph import unit_s
from particleforge.store.calibrations._fields import number
from particleforge.store.ome_xml import ome_pixels

if TYPE_CHECKING:
    from tifffile import TiffFile


def tiff_interval_s(tif: "TiffFile", image: int = 0) -> float | None:
    """Time between the images of a series in seconds, out of OME-XML or ImageJ's metadata; None where it is missing."""
    if (pixels := ome_pixels(tif, image)) is not None:
        interval, unit = number(pixels.get("TimeIncrement")), unit_s(pixels.get("TimeIncrementUnit", "s"))
    else:
        interval, unit = number((tif.imagej_metadata or {}).get("finterval")), 1.0
    return interval * unit if interval and unit else None


def scale_tags(size_nm: tuple[float, float] | None, frames: int = 1) -> dict[str, Any]:
    """Arguments of `tifffile.imwrite` that note a pixel size along (Y, X), and a number of frames, as ImageJ does."""
    stack = f"images={frames}\nframes={frames}\n" if frames > 1 else ""
    if size_nm is None:
        return {"description": f"ImageJ=1.54f\n{stack}"} if stack else {}
    return {
        "description": f"ImageJ=1.54f\n{stack}unit=nm\n",
        "resolution": (1 / size_nm[1], 1 / size_nm[0]),
        "resolutionunit": "none",
    }
