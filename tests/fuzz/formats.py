"""The same picture in every format and spelling, with its pixel size where the format can state one."""

import io
import json
from collections.abc import Callable
from pathlib import Path

import imageio.v3 as iio
import numpy as np
import tifffile
import zarr

from store.readers import test_digital_micrograph as dm
from store.readers.test_emd import ncem, velox
from store.readers.test_mrc import write as write_mrc
from store.readers.test_ser import element, series

Write = Callable[[np.ndarray, float, np.random.Generator, Path], str]
"""Write a (Y, X) uint8 picture of pixels of so many nm next to the given path without suffix; the name written."""

LENGTHS = {"nm": 1.0, "NM": 1.0, "um": 1e3, "\u00b5m": 1e3, "micron": 1e3, "Microns": 1e3, "pm": 1e-3, "\u00c5": 0.1}


def _tiff(picture: np.ndarray, nm: float, rng: np.random.Generator, path: Path) -> str:
    options: dict[str, object] = {
        "compression": str(rng.choice(["none", "deflate", "lzw", "zstd", "packbits"])),
        "byteorder": str(rng.choice(["<", ">"])),
        "bigtiff": bool(rng.random() < 0.2),
    }
    if rng.random() < 0.3:
        options["tile"] = (32, 48)
    else:
        options["rowsperstrip"] = int(rng.integers(1, 200))
    if rng.random() < 0.3:
        options["photometric"] = "miniswhite"
    if options["compression"] in ("deflate", "lzw", "zstd") and rng.random() < 0.4:
        options["predictor"] = True
    if options["byteorder"] == ">" or rng.random() < 0.5:  # ImageJ's kind knows one byte order and no white zero
        tifffile.imwrite(
            f"{path}.tif", picture, resolution=(1e7 / nm, 1e7 / nm), resolutionunit="CENTIMETER", **options
        )
    else:
        unit = str(rng.choice(list(LENGTHS)))
        per = LENGTHS[unit] / nm
        text = f"ImageJ=1.54f\nunit={unit.encode('unicode_escape').decode() if unit.isascii() is False else unit}\n"
        text = text.replace("\\xb5", "\\u00B5").replace("\\xc5", "\\u00C5")
        tifffile.imwrite(
            f"{path}.tif", picture, resolution=(per, per), resolutionunit="NONE", description=text, **options
        )
    return f"{path.name}.tif"


def _kind(picture: np.ndarray, rng: np.random.Generator, kinds: str) -> np.ndarray:
    kind = np.dtype(str(rng.choice(kinds.split())))
    return picture.astype(kind) if kind.kind == "f" or kind.itemsize == 1 else picture.astype(kind) * 100


def _wide_tiff(picture: np.ndarray, nm: float, rng: np.random.Generator, path: Path) -> str:
    return _tiff(_kind(picture, rng, "u2 i2 u4 f4 f8"), nm, rng, path)


def _ome_tiff(picture: np.ndarray, nm: float, rng: np.random.Generator, path: Path) -> str:
    unit, length = [("nm", nm), ("\u00b5m", nm / 1e3), ("pm", nm * 1e3)][rng.integers(3)]
    about = {"PhysicalSizeX": length, "PhysicalSizeXUnit": unit, "PhysicalSizeY": length, "PhysicalSizeYUnit": unit}
    tifffile.imwrite(f"{path}.ome.tif", picture, metadata={"axes": "YX", **about})
    return f"{path.name}.ome.tif"


def _ome_zarr(picture: np.ndarray, nm: float, rng: np.random.Generator, path: Path) -> str:
    version = str(rng.choice(["0.4", "0.5"]))
    group = zarr.open_group(f"{path}.ome.zarr", mode="w", zarr_format=2 if version == "0.4" else 3)
    unit, length = [("nanometer", nm), ("micrometer", nm / 1e3), ("angstrom", nm * 10)][rng.integers(3)]
    array = group.create_array("0", shape=picture.shape, chunks=(50, 60), dtype=picture.dtype)
    array[:] = picture
    scales = {
        "version": version,
        "axes": [{"name": name, "type": "space", "unit": unit} for name in "yx"],
        "datasets": [{"path": "0", "coordinateTransformations": [{"type": "scale", "scale": [length, length]}]}],
    }
    if version == "0.4":
        group.attrs["multiscales"] = [scales]
    else:
        group.attrs["ome"] = {"version": version, "multiscales": [scales]}
    return f"{path.name}.ome.zarr"


def _dm(picture: np.ndarray, nm: float, rng: np.random.Generator, path: Path) -> str:
    version = int(rng.integers(3, 5))
    unit = str(rng.choice(["nm", "\u00b5m"]))
    pixels = _kind(picture, rng, "u1 u2 i2 f4")
    steps = [nm / LENGTHS[unit]] * 2
    writer = dm.Writer(version, str(rng.choice(["<", ">"])))
    Path(f"{path}.dm{version}").write_bytes(writer.file(dm.tree(dm.image(pixels, steps, [unit] * 2))))
    return f"{path.name}.dm{version}"


def _ser(picture: np.ndarray, nm: float, rng: np.random.Generator, path: Path) -> str:
    pixels = _kind(picture, rng, "u1 u2 i2 f4")[::-1].copy()
    Path(f"{path}.ser").write_bytes(
        series([element(pixels, (nm * 1e-9,) * 2)], version=int(rng.choice([0x210, 0x220])))
    )
    return f"{path.name}.ser"


def _emd(picture: np.ndarray, nm: float, rng: np.random.Generator, path: Path) -> str:
    pixels = _kind(picture, rng, "u1 u2 f4")
    if rng.random() < 0.5:
        velox(Path(f"{path}.emd"), pixels[None], size=(str(nm * 1e-9),) * 2)
    else:
        axes = [(name, "[n_m]", np.arange(n) * nm) for name, n in zip("yx", pixels.shape, strict=True)]
        ncem(Path(f"{path}.emd"), pixels, axes)
    return f"{path.name}.emd"


def _mrc(picture: np.ndarray, nm: float, rng: np.random.Generator, path: Path) -> str:
    pixels = _kind(picture, rng, "u2 i2 f4")
    write_mrc(Path(f"{path}.mrc"), pixels[None], str(rng.choice(["<", ">"])), pixel=(nm * 10,) * 3)
    return f"{path.name}.mrc"


def _plain(picture: np.ndarray, nm: float, rng: np.random.Generator, path: Path) -> str:
    """PNG, BMP and JPEG; their pixel size stands in a table."""
    suffix = str(rng.choice(["png", "bmp", "jpg"]))
    quality = {"quality": 98} if suffix == "jpg" else {}
    buffer = io.BytesIO()
    iio.imwrite(buffer, picture, extension=f".{suffix}", plugin="pillow", **quality)
    Path(f"{path}.{suffix}").write_bytes(buffer.getvalue())
    if rng.random() < 0.5:
        (path.parent / "pixel_sizes.csv").write_text(f"image,pixel_size\n{path.name},{nm} nm\n")
    else:
        images, scale = path.parent / "images", path.parent / "scale"
        images.mkdir()
        scale.mkdir()
        Path(f"{path}.{suffix}").rename(images / f"{path.name}.{suffix}")
        (scale / f"{path.name}.json").write_text(json.dumps({"pixel_size_nm": [nm, nm]}))
        return f"images/{path.name}.{suffix}"
    return f"{path.name}.{suffix}"


WRITERS: list[Write] = [_tiff, _wide_tiff, _ome_tiff, _ome_zarr, _dm, _ser, _emd, _mrc, _plain]
