"""Each instrument's own way to state the pixel size."""

import numpy as np
import pytest
import tifffile

from particleforge.store.calibration import CALIBRATIONS
from particleforge.store.micrographs import read_micrograph

GREY = np.arange(64, dtype=np.uint8).reshape(8, 8)


def read(folder, *, tags=(), shape=(8, 8), **options):
    """Write an image with tags, and read it with its pixel size."""
    path = folder / "a.tif"
    tifffile.imwrite(path, np.zeros(shape, np.uint8), metadata=None, extratags=list(tags), **options)
    return read_micrograph(path)


def text(code, value):
    return (code, "s", 0, value, True)


def zeiss(*lines):
    data = "\r\n".join(["0"] * 4 + [line for pair in lines for line in pair] + [""]).encode("cp1252")
    return (34118, "B", len(data), data, True)


def test_every_calibration_reads_nothing_from_a_plain_image(tmp_path):
    micrograph = read(tmp_path)
    assert (micrograph.pixel_size_nm, micrograph.all_remarks) == (None, ())
    assert len(CALIBRATIONS.names()) >= 11


FIELD = ("AP_WIDTH", "Width = 80.0 nm")
DISPLAY = ("AP_PIXEL_SIZE", "Pixel Size = 5.825 nm")


@pytest.mark.parametrize(
    ("lines", "nm"),
    [
        ([("AP_IMAGE_PIXEL_SIZE", "Image Pixel Size = 10.0 nm"), FIELD], 10),
        ([DISPLAY, FIELD], 10),
        ([DISPLAY, FIELD, ("AP_HEIGHT", "Height = 80.0 nm")], 10),
        ([DISPLAY], 5.825 * 1024 / 8),
    ],
)
def test_zeiss_refers_to_the_width_of_the_image(tmp_path, lines, nm):
    micrograph = read(tmp_path, tags=[zeiss(*lines)])
    assert micrograph.pixel_size_nm == pytest.approx((nm, nm)) and not micrograph.all_remarks


def test_zeiss_images_that_were_cropped(tmp_path):
    stated = ("AP_IMAGE_PIXEL_SIZE", "Image Pixel Size = 5.0 nm")
    micrograph = read(tmp_path, tags=[zeiss(stated, FIELD)])
    (remark,) = micrograph.all_remarks
    assert micrograph.pixel_size_nm == (5, 5)
    assert "5 nm from Image Pixel Size (tag 34118) is used, 10 nm from Width / 8 px (tag 34118) is not" in remark
    micrograph = read(tmp_path, tags=[zeiss(DISPLAY, FIELD, ("AP_HEIGHT", "Height = 160.0 nm"))])
    (remark,) = micrograph.all_remarks
    assert micrograph.pixel_size_nm is None and "10 nm from Width" in remark and "20 nm from Height" in remark


XML = '<FeiImage><pixelWidth unit="{0}">12.5</pixelWidth><pixelHeight unit="{0}">12.5</pixelHeight></FeiImage>'


@pytest.mark.parametrize(("unit", "nm"), [("nm", 12.5), ("um", 12500), ("1/nm", None), ("px", None)])
def test_fei_xml(tmp_path, unit, nm):
    micrograph = read(tmp_path, tags=[text(34683, XML.format(unit))])
    assert micrograph.pixel_size_nm == (None if nm is None else pytest.approx((nm, nm)))
    assert bool(micrograph.all_remarks) == (unit == "1/nm")


def test_fei_xml_that_is_broken_is_no_pixel_size(tmp_path):
    assert read(tmp_path, tags=[text(34683, "<FeiImage><pixelWidth")]).pixel_size_nm is None


@pytest.mark.parametrize(("unit", "nm"), [("nm", 0.25), ("um", 250), ("1/nm", None), ("", None)])
def test_digitalmicrograph_export(tmp_path, unit, nm):
    tags = [text(65003, unit), text(65004, unit), (65009, "d", 1, 0.25, True), (65010, "d", 1, 0.25, True)]
    micrograph = read(tmp_path, tags=tags, resolution=(72, 72), resolutionunit="inch")
    assert micrograph.pixel_size_nm == (None if nm is None else pytest.approx((nm, nm)))
    assert any("not a length" in remark for remark in micrograph.all_remarks) == (unit == "1/nm")


JEOL = """<?xml version="1.0"?><TemReporter><SelectorValue>{value}</SelectorValue>
<SelectorUnitString>{unit}</SelectorUnitString>
<Camera><ImageSize><Width>99</Width></ImageSize>
<PixelsPerMeter><Horizontal>1</Horizontal><Vertical>1</Vertical></PixelsPerMeter></Camera>
<Draw><ImageSize><Width>8</Width></ImageSize>
<PixelsPerMeter><Horizontal>4000</Horizontal><Vertical>4000</Vertical></PixelsPerMeter></Draw></TemReporter>"""


@pytest.mark.parametrize(("unit", "nm"), [("X", 2.5), ("cm", None)])
def test_jeol_sightx(tmp_path, unit, nm):
    description = JEOL.format(value=100000, unit=unit)
    micrograph = read(tmp_path, description=description, resolution=(93, 93), resolutionunit="inch")
    assert micrograph.pixel_size_nm == (None if nm is None else pytest.approx((nm, nm)))
    assert bool(micrograph.all_remarks) == (nm is None)


TESCAN = "[MAIN]\r\nDevice=VEGA\r\nPixelSizeX=1.5e-009\r\nPixelSizeY=1.5e-009\r\n[SEM]\r\n"


def test_tescan_tag(tmp_path):
    data = b"\x01\x00\x00\x00" + TESCAN.encode() + b"\xff\xd8"
    assert read(tmp_path, tags=[(50431, "B", len(data), data, True)]).pixel_size_nm == pytest.approx((1.5, 1.5))


@pytest.mark.parametrize("name", ["a.hdr", "a-tif.hdr"])
def test_tescan_header_next_to_the_image(tmp_path, name):
    (tmp_path / name).write_bytes(TESCAN.encode())
    assert read(tmp_path).pixel_size_nm == pytest.approx((1.5, 1.5))


@pytest.mark.parametrize(("unit", "nm"), [("NM", 1), ("Microns", 1000), ("UM", 1000), ("MM", 1e6), ("Angstrom", 0.1)])
def test_imagej_units_in_any_capitals(tmp_path, unit, nm):
    tifffile.imwrite(tmp_path / "a.tif", GREY, imagej=True, resolution=(2, 2), metadata={"unit": unit})
    assert read_micrograph(tmp_path / "a.tif").pixel_size_nm == pytest.approx((nm / 2, nm / 2))


def test_imagej_with_another_unit_along_y(tmp_path):
    micrograph = read(tmp_path, description="ImageJ=1.54f\nunit=nm\nyunit=um\n", resolution=(2, 2))
    assert micrograph.pixel_size_nm == pytest.approx((500, 0.5))
    micrograph = read(tmp_path, description="ImageJ=1.54f\nunit=1/nm\n", resolution=(2, 2))
    assert micrograph.pixel_size_nm is None and "1/nm, which is not a length" in micrograph.all_remarks[0]


@pytest.mark.parametrize(("dpi", "by"), [(2540, 1), (3200, 1), (4800, 1), (9600, 1), (4800, 1000)])
def test_the_resolution_of_a_scanner_is_no_pixel_size(tmp_path, dpi, by):
    tags = [(code, "2I", 1, (dpi * by, by), True) for code in (282, 283)]
    path = tmp_path / "a.tif"
    tifffile.imwrite(path, GREY, metadata=None, resolution=(dpi, dpi), resolutionunit="inch")
    with tifffile.TiffFile(path, mode="r+b") as tif:
        for code, _, _, value, _ in tags:
            tif.pages.first.tags[code].overwrite(value)
    micrograph = read_micrograph(path)
    assert micrograph.pixel_size_nm is None
    assert all(f"{dpi} dots per inch" in remark for remark in micrograph.all_remarks)


HITACHI = "[SemImageFile]\r\nInstructName=SU8010\r\nDataSize={width}x8\r\nPixelSize=4.96\r\nSampleName=金 µ\r\n"
JEOL_SEM = "$CM_FORMAT 試料\r\n$CM_FULL_SIZE {width} 8\r\n$$SM_MICRON_BAR 200\r\n$$SM_MICRON_MARKER 1um\r\n"


@pytest.mark.parametrize(("content", "nm"), [(HITACHI, 4.96), (JEOL_SEM, 5)])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "shift_jis"])
@pytest.mark.parametrize("suffix", [".tif", ".jpg", ".png"])
def test_text_next_to_the_image(tmp_path, content, nm, encoding, suffix):
    from PIL import Image

    Image.fromarray(GREY).save(tmp_path / f"a{suffix}")
    (tmp_path / "a.txt").write_bytes(content.format(width=8).replace("µ", "").encode(encoding))
    assert read_micrograph(tmp_path / f"a{suffix}").pixel_size_nm == pytest.approx((nm, nm))


@pytest.mark.parametrize("content", [HITACHI, JEOL_SEM])
def test_text_of_an_image_of_another_width_is_not_used(tmp_path, content):
    (tmp_path / "a.txt").write_text(content.format(width=1280), encoding="utf-8")
    micrograph = read(tmp_path)
    assert micrograph.pixel_size_nm is None
    assert "for an image 1280 px wide; this one is 8 px wide" in micrograph.all_remarks[0]


def test_other_text_next_to_the_image_is_no_pixel_size(tmp_path):
    (tmp_path / "a.txt").write_text("0 0.5 0.5 0.1 0.1\n")
    assert read(tmp_path).all_remarks == ()
