"""Pictures as numbers, against numpy and PIL; every way a file can be wrong."""

from __future__ import annotations

import io
import struct
import threading
import tracemalloc
import warnings
import zlib
from concurrent.futures import ThreadPoolExecutor, wait

import numpy as np
import pytest
from PIL import Image, features

from core.data import photos
from core.errors import CoreError
from core.files import images
from core.vision import pixels

RNG = np.random.default_rng(0)
PHOTO = RNG.integers(0, 256, (23, 31, 3), dtype=np.uint8)


def encoded(image: Image.Image, kind: str = "PNG", **options: object) -> bytes:
    file = io.BytesIO()
    image.save(file, kind, **options)
    return file.getvalue()


def hollow_png(width: int, height: int) -> bytes:
    """A PNG whose header promises width × height pixels, with a few bytes of data."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(b"\0" * 99)) + chunk(b"IEND", b"")
    )


def code_of(call: object) -> str:
    with pytest.raises(CoreError) as caught:
        call()  # type: ignore[operator]
    return caught.value.code


# --- reading -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["PNG", "BMP", "TIFF", "PPM"])
def test_a_lossless_file_gives_its_exact_numbers(kind):
    picture = images.read(encoded(Image.fromarray(PHOTO), kind))
    assert np.array_equal(picture.pixels, PHOTO)
    assert picture.notes == ()


@pytest.mark.parametrize("kind", ["JPEG", "WEBP"])
def test_a_lossy_file_gives_what_pil_gives(kind):
    data = encoded(Image.fromarray(PHOTO), kind)
    assert np.array_equal(images.read(data).pixels, np.asarray(Image.open(io.BytesIO(data))))


def test_png_round_trip_and_path(tmp_path):
    path = tmp_path / "p.png"
    path.write_bytes(images.to_png(PHOTO))
    assert np.array_equal(images.read(path).pixels, PHOTO)
    assert np.array_equal(images.read(str(path)).pixels, PHOTO)


def test_text_named_png_is_one_sentence(tmp_path):
    path = tmp_path / "fake.png"
    path.write_text("I am no picture")
    assert code_of(lambda: images.read(path)) == "bad_file"


def test_missing_file():
    assert code_of(lambda: images.read("nowhere/none.png")) == "no_such_file"


@pytest.mark.parametrize("data", [b"", b"\x89PNG\r\n\x1a\n", hollow_png(0, 5), hollow_png(40, 40)], ids=len)
def test_damaged_files(data):
    assert code_of(lambda: images.read(data)) == "bad_file"


def test_a_truncated_jpeg():
    whole = encoded(Image.fromarray(PHOTO), "JPEG")
    assert code_of(lambda: images.read(whole[: len(whole) // 2])) == "bad_file"


@pytest.mark.parametrize("side", [8000, 12_000, 20_000, 100_000])
def test_bombs_are_refused_from_the_header(side):
    with warnings.catch_warnings():  # as outside the tests, where Pillow only warns about the second size
        warnings.simplefilter("ignore", Image.DecompressionBombWarning)
        assert code_of(lambda: images.read(hollow_png(side, side))) == "picture_too_large"
    assert code_of(lambda: images.read(hollow_png(side, side))) == "picture_too_large"


def test_a_file_too_large(monkeypatch, tmp_path):
    monkeypatch.setattr(images, "MAX_BYTES", 100)
    path = tmp_path / "p.png"
    path.write_bytes(images.to_png(PHOTO))
    assert code_of(lambda: images.read(path)) == "file_too_large"
    assert code_of(lambda: images.read(images.to_png(PHOTO))) == "file_too_large"


def test_a_postscript_file_is_never_handed_to_ghostscript():
    assert code_of(lambda: images.read(b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n")) == "bad_file"


@pytest.mark.parametrize("brand", [b"heic", b"mif1", b"avif"])
def test_a_picture_of_a_phone_that_cannot_be_read_is_named(brand):
    with pytest.raises(CoreError) as caught:
        images.read(b"\x00\x00\x00\x18ftyp" + brand + b"\x00" * 40)
    assert caught.value.code == "heic_picture"


@pytest.mark.skipif(not features.check("avif"), reason="this Pillow has no AVIF (from 11.3 on it has)")
def test_avif_is_read_as_pillow_reads_it():
    data = encoded(Image.fromarray(PHOTO), "AVIF", quality=90)
    assert np.array_equal(images.read(data).pixels, np.asarray(Image.open(io.BytesIO(data)).convert("RGB")))


def test_cmyk():
    data = encoded(Image.fromarray(PHOTO).convert("CMYK"), "TIFF")
    picture = images.read(data)
    assert picture.notes == ("cmyk",)
    assert np.abs(picture.pixels.astype(int) - PHOTO).max() <= 1


def test_sixteen_bit_grey_keeps_its_levels():
    wide = (np.arange(256, dtype=np.uint16) * 257).reshape(16, 16)
    picture = images.read(encoded(Image.fromarray(wide)))
    assert picture.notes == ("sixteen_bit", "grey")
    assert np.array_equal(picture.pixels[..., 1].ravel(), np.arange(256))


def test_transparency_is_laid_on_white():
    rgba = np.zeros((2, 2, 4), np.uint8)
    rgba[0, 0] = (255, 0, 0, 255)
    picture = images.read(encoded(Image.fromarray(rgba)))
    assert picture.notes == ("transparent",)
    assert picture.pixels[0, 0].tolist() == [255, 0, 0]
    assert picture.pixels[1, 1].tolist() == [255, 255, 255]
    palette = Image.new("P", (2, 2), 0)
    palette.putpalette([9, 9, 9, 7, 7, 7])
    assert images.read(encoded(palette, transparency=0)).pixels[0, 0].tolist() == [255, 255, 255]


def test_an_opaque_alpha_channel_changes_nothing():
    rgba = np.dstack([PHOTO, np.full(PHOTO.shape[:2], 255, np.uint8)])
    picture = images.read(encoded(Image.fromarray(rgba)))
    assert picture.notes == () and np.array_equal(picture.pixels, PHOTO)


def test_exif_rotation():
    exif = Image.Exif()
    exif[0x0112] = 6  # the camera was turned: show it rotated by 90° clockwise
    picture = images.read(encoded(Image.fromarray(PHOTO), exif=exif))
    assert picture.notes == ("rotated",)
    assert np.array_equal(picture.pixels, np.rot90(PHOTO, -1))


def test_the_first_frame_of_an_animation():
    frames = [Image.new("RGB", (4, 4), colour) for colour in ("red", "blue")]
    picture = images.read(encoded(frames[0], "GIF", save_all=True, append_images=frames[1:]))
    assert "first_frame" in picture.notes
    assert picture.pixels[0, 0].tolist() == [255, 0, 0]


def test_one_pixel_and_one_bit():
    assert images.read(encoded(Image.new("RGB", (1, 1), (1, 2, 3)))).pixels.tolist() == [[[1, 2, 3]]]
    assert images.read(encoded(Image.new("1", (2, 1), 1))).pixels.tolist() == [[[255] * 3] * 2]


@pytest.mark.parametrize(
    ("array", "first", "notes"),
    [
        (np.array([[7]], np.uint8), 7, ("grey",)),
        (np.array([[7]], np.int64), 7, ("grey",)),
        (np.array([[0.5]]), 128, ("float", "grey")),
        (np.array([[True]]), 255, ("grey",)),
        (np.array([[514]], np.uint16), 2, ("sixteen_bit", "grey")),
        (np.array([[5.0, -5.0]]), 255, ("stretched", "grey")),
        (np.array([[[1, 2, 3, 0]]], np.uint8), 255, ("transparent",)),
    ],
)
def test_arrays_of_many_kinds(array, first, notes):
    picture = images.read(array)
    assert picture.pixels[0, 0, 0] == first and picture.notes == notes


@pytest.mark.parametrize("shape", [(4,), (0, 4), (2, 2, 2), (2, 2, 3, 1)])
def test_arrays_of_another_shape(shape):
    assert code_of(lambda: images.read(np.zeros(shape))) == "wrong_shape"


def test_not_a_number_in_a_picture():
    assert code_of(lambda: images.read(np.array([[np.nan]]))) == "not_finite"


def test_shrinking_keeps_the_shape():
    picture = images.read(np.zeros((100, 400, 3), np.uint8), max_side=40)
    assert picture.pixels.shape == (10, 40, 3) and picture.notes == ("shrunk",)
    assert images.read(np.zeros((1, 4000), np.uint8), max_side=40).pixels.shape == (1, 40, 3)


@pytest.mark.parametrize("side", [200, 150, 1600, 3000])
def test_a_large_jpeg_is_decoded_at_a_part_of_its_size(side):
    """Sixty-four times fewer pixels to decode, the same picture."""
    smooth = np.array(Image.fromarray(PHOTO).resize((1600, 1200), Image.Resampling.BICUBIC))
    data = encoded(Image.fromarray(smooth), "JPEG", quality=95)
    picture, whole = images.read(data, max_side=side), images.read(images.read(data).pixels, max_side=side)
    assert picture.pixels.shape == whole.pixels.shape and picture.notes == whole.notes
    assert np.abs(picture.pixels.astype(int) - whole.pixels).mean() < 2
    assert side < 1600 or np.array_equal(picture.pixels, whole.pixels)


@pytest.mark.parametrize("name", photos.NAMES)
def test_the_photos_that_ship(name):
    shown = photos.load(name)
    assert max(shown.shape) == 256 and len(np.unique(shown.reshape(-1, 3), axis=0)) > 1000
    assert np.array_equal(shown, np.asarray(Image.open(photos.path(name))))


def test_a_photo_nobody_shipped():
    assert code_of(lambda: photos.load("../cat")) == "not_one_of"


# --- pixels --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("column", "row"), [(0, 0), (30, 22), (15, 11)])
def test_a_patch_is_exactly_the_pictures_numbers(column, row):
    part = pixels.patch(PHOTO, column, row, size=8)
    assert part.values.shape == (8, 8, 3)
    assert np.array_equal(part.values, PHOTO[part.top : part.top + 8, part.left : part.left + 8])
    assert part.top <= row < part.top + 8 and part.left <= column < part.left + 8


def test_a_patch_of_a_tiny_picture():
    assert pixels.patch(PHOTO[:1, :1], 0, 0, size=8).values.shape == (1, 1, 3)


def test_editing_one_pixel_changes_only_that_pixel():
    changed = pixels.edit(PHOTO, 3, 2, (1, 2, 3))
    assert changed[2, 3].tolist() == [1, 2, 3]
    assert (changed != PHOTO).any(axis=2).sum() == 1


@pytest.mark.parametrize("rgb", [(256, 0, 0), (-1, 0, 0), (0.5, 0, 0), (float("nan"), 0, 0)])
def test_a_pixel_is_three_whole_numbers(rgb):
    with pytest.raises(CoreError):
        pixels.edit(PHOTO, 0, 0, rgb)


def test_outside_the_picture():
    assert code_of(lambda: pixels.patch(PHOTO, 31, 0)) == "out_of_range"
    assert code_of(lambda: pixels.patch(PHOTO[..., 0], 0, 0)) == "wrong_shape"


def test_channels_add_up_again():
    assert np.array_equal(np.dstack(pixels.channels(PHOTO)), PHOTO)
    assert np.array_equal(sum(pixels.channels(PHOTO, tinted=True)), PHOTO)


def test_greyscale_agrees_with_pil():
    pil = np.asarray(Image.fromarray(PHOTO).convert("L")).astype(int)
    assert np.abs(pixels.greyscale(PHOTO) - pil).max() <= 1  # PIL rounds its weights to 1/65536
    assert (pixels.greyscale(PHOTO) == pil).mean() > 0.99


def test_greyscale_by_hand():
    one = np.array([[[10, 20, 30]]], np.uint8)
    assert pixels.greyscale(one, "average").item() == 20
    assert pixels.greyscale(one, "bt709").item() == round(0.2126 * 10 + 0.7152 * 20 + 0.0722 * 30)
    assert pixels.greyscale(one, (1, 0, 0)).item() == 10
    assert all(pixels.greyscale(np.full((1, 1, 3), 255, np.uint8), name) == 255 for name in pixels.GREY_WEIGHTS)
    assert code_of(lambda: pixels.greyscale(one, "bt602")) == "not_one_of"
    assert code_of(lambda: pixels.greyscale(one, (1, 1, 1))) == "out_of_range"


@pytest.mark.parametrize("bits", range(1, 9))
def test_bit_depth(bits):
    few = pixels.bit_depth(np.arange(256, dtype=np.uint8).reshape(16, 16), bits)
    assert len(np.unique(few)) == 2**bits
    assert few.min() == 0 and few.max() == 255
    assert bits < 8 or np.array_equal(few.ravel(), np.arange(256))


def test_a_large_photo_is_counted_in_little_more_memory_than_its_own():
    photo = np.random.default_rng(0).integers(0, 256, (900, 1200, 3), dtype=np.uint8)
    for work, most in ((lambda: pixels.bit_depth(photo, 3), 2), (lambda: pixels.histogram(photo), 7.5)):
        tracemalloc.start()
        work()
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        assert peak < most * photo.nbytes  # 16 MiB of them mark the colours that were seen
    assert np.array_equal(pixels.bit_depth(photo, 3), np.round((photo >> 5) * (255 / 7)).astype(np.uint8))
    found = pixels.histogram(photo)
    assert np.array_equal(found.counts[1], np.bincount(photo[..., 1].reshape(-1), minlength=256))
    assert found.distinct == len(np.unique(photo.reshape(-1, 3).astype(np.int64) @ [65536, 256, 1]))


def test_histogram_against_numpy():
    result = pixels.histogram(PHOTO)
    for c in range(3):
        assert np.array_equal(result.counts[c], np.histogram(PHOTO[..., c], bins=256, range=(0, 256))[0])
    assert np.allclose(result.mean, PHOTO.mean(axis=(0, 1)))
    assert result.distinct == len({tuple(p) for p in PHOTO.reshape(-1, 3).tolist()})


def test_layout_names_the_places_in_memory():
    place = pixels.layout(PHOTO, 5, 7)
    assert PHOTO.ravel()[list(place.hwc_offsets)].tolist() == PHOTO[7, 5].tolist()
    assert pixels.to_chw(PHOTO).ravel()[list(place.chw_offsets)].tolist() == PHOTO[7, 5].tolist()
    assert place.bytes_float32 == pixels.to_unit(PHOTO).nbytes and place.bytes_uint8 == PHOTO.nbytes


def test_layouts_and_ranges_come_back():
    assert pixels.to_chw(PHOTO).shape == (3, 23, 31)
    assert np.array_equal(pixels.to_hwc(pixels.to_chw(PHOTO)), PHOTO)
    every = np.arange(256, dtype=np.uint8)
    assert np.array_equal(pixels.to_bytes(pixels.to_unit(every)), every)
    assert code_of(lambda: pixels.to_bytes(np.array([1.5]))) == "out_of_range"


@pytest.mark.parametrize("mode", ["L", "RGB", "RGBA", "P", "I;16", "CMYK", "1"])
def test_a_picture_shrunk_on_the_way_is_the_one_shrunk_afterwards(mode, monkeypatch):
    monkeypatch.setattr(images, "BAND", 3000)  # several bands
    rng = np.random.default_rng(0)
    noise = Image.fromarray(rng.integers(0, 256, (157, 90, 4), dtype=np.uint8))
    wide = Image.fromarray(rng.integers(0, 65_536, (157, 90), dtype=np.uint16))
    image = wide if mode == "I;16" else noise.convert(mode) if mode != "P" else noise.convert("RGB").quantize(16)
    data = encoded(image, "TIFF" if mode == "CMYK" else "PNG")
    whole, small = images.read(data), images.read(data, max_side=40)
    then = np.asarray(Image.fromarray(whole.pixels).resize((23, 40), Image.Resampling.LANCZOS))
    assert small.notes == (*whole.notes, "shrunk")
    assert np.array_equal(small.pixels, then)


def test_a_picture_of_one_line_is_told_in_a_sentence():
    with pytest.raises(CoreError, match=r"A side of the picture has 49,000,000 pixels; at most 30,000 are read\."):
        images.read(hollow_png(49_000_000, 1))


def test_a_small_picture_does_not_wait_for_large_ones():
    small, large = (encoded(Image.new("L", (side, side))) for side in (100, 1500))
    with ThreadPoolExecutor(2) as pool:
        with images._DECODING:  # a large one is being decoded
            assert pool.submit(images.read, small, 50).result(20).pixels.shape == (50, 50, 3)
            waits = pool.submit(images.read, large, 50)
            assert not wait([waits], 0.3).done
        assert waits.result(20).pixels.shape == (50, 50, 3)


def test_files_are_decoded_one_at_a_time(monkeypatch):
    inside, most = [], []
    decode = images._from_pil

    def watched(*given):
        inside.append(1)
        most.append(len(inside))
        made = decode(*given)
        inside.pop()
        return made

    monkeypatch.setattr(images, "_from_pil", watched)
    data = encoded(Image.new("L", (1500, 1500)))
    readers = [threading.Thread(target=images.read, args=(data, 100)) for _ in range(6)]
    for reader in readers:
        reader.start()
    for reader in readers:
        reader.join()
    assert most == [1] * 6
