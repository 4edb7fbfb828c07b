package dev.hone.core.io;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.hone.core.DType;
import dev.hone.core.Shape;
import dev.hone.core.Tensor;
import java.io.IOException;
import java.net.URISyntaxException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SafetensorsTest {
  static final float[] EDGES = {0f, -0f, 1f, -2.5f, 1 / 3f, 65504f, 1e-7f, 1.00390625f, 1.01171875f, Float.POSITIVE_INFINITY};

  @TempDir
  Path directory;

  /** The file that make_python.py beside it wrote with the Python library. */
  Path pythonFile() {
    try {
      return Path.of(SafetensorsTest.class.getResource("python.safetensors").toURI());
    } catch (URISyntaxException e) {
      throw new AssertionError(e);
    }
  }

  @Test
  void readsAllTypesOfAFileThatPythonWrote() throws IOException {
    Safetensors file = Safetensors.open(pythonFile());
    assertEquals(14, file.names().size());
    assertEquals(Map.of("format", "pt"), file.metadata());
    assertEquals(Shape.of(2, 3), file.shape("w.f32"));
    assertArrayEquals(Arrays.copyOf(EDGES, 6), file.tensor("w.f32").toFloatArray());
    assertTrue(file.tensor("w.f32").isReadOnly());
    assertEquals(DType.F64, file.dtype("w.f64"));
    assertEquals(Shape.of(), file.shape("w.f64"));
    assertEquals(0.1f, file.tensor("w.f64").item());
    float[] half = file.tensor("w.f16").toFloatArray();
    assertEquals(65504f, half[5]);
    assertEquals(1.1920929E-7f, half[6]); // the nearest subnormal
    float[] brain = file.tensor("w.bf16").toFloatArray();
    assertEquals(0.333984375f, brain[4]);
    assertEquals(1f, brain[7]); // half way between 1 and 1 + 2^-7: down, to even
    assertEquals(1.015625f, brain[8]); // half way between 1 + 2^-7 and 1 + 2^-6: up, to even
    assertArrayEquals(new long[] {1L << 62, -1}, file.tensor("i64").toLongArray());
    assertArrayEquals(new long[] {Integer.MAX_VALUE, -7}, file.tensor("i32").toLongArray());
    assertArrayEquals(new long[] {-32768, 5, 6}, file.tensor("i16").toLongArray());
    assertArrayEquals(new long[] {-128, 127, 0}, file.tensor("i8").toLongArray());
    assertArrayEquals(new long[] {255, 1}, file.tensor("u8").toLongArray());
    assertArrayEquals(new long[] {1, 0, 1}, file.tensor("flag").toLongArray());
    assertEquals(0, file.tensor("empty").size());
    assertEquals(0f, file.tensor("na\"me\\/\n\u0001\u001f\u00e9").item());
    assertEquals(2f, file.tensor("\uD83D\uDE00").item());
  }

  @Test
  void anUnknownNameListsTheNearest() throws IOException {
    Safetensors file = Safetensors.open(pythonFile());
    MissingTensorException thrown = assertThrows(MissingTensorException.class, () -> file.tensor("v.f32"));
    assertEquals(file.origin() + ": no tensor 'v.f32'; the nearest of its 14 names: 'w.f32', 'i32', 'w.f16'",
        thrown.getMessage());
    assertThrows(MissingTensorException.class, () -> file.shape("v.f32"));
    assertThrows(MissingTensorException.class, () -> file.dtype("v.f32"));
    assertFalse(file.contains("v.f32"));
  }

  @Test
  void aMissingFileIsNamed() {
    Path missing = directory.resolve("none.safetensors");
    assertEquals(missing + ": no such file",
        assertThrows(TensorFileException.class, () -> Safetensors.open(missing)).getMessage());
    assertEquals(directory + ": not a file",
        assertThrows(TensorFileException.class, () -> Safetensors.open(directory)).getMessage());
  }

  @Test
  void aFileBeyondTwoGigabytesIsMappedWithoutBeingRead() throws IOException {
    long elements = (3L << 30) / 4;
    String header = "{\"w\":{\"dtype\":\"F32\",\"shape\":[" + elements + "],\"data_offsets\":[0," + elements * 4
        + "]},\"v\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[" + elements * 4 + "," + (elements * 4 + 4) + "]}}";
    Path file = TestFiles.safetensors(directory.resolve("sparse.safetensors"), header, 0);
    try (FileChannel channel = FileChannel.open(file, StandardOpenOption.WRITE)) {
      long last = 8 + header.length() + elements * 4;
      channel.write(ByteBuffer.wrap(new byte[] {0, 0, (byte) 0x80, 0x3f}), last); // the rest is a hole in the file
    }
    Safetensors opened = Safetensors.open(file);
    assertEquals(3L << 30, opened.tensor("w").bytes());
    assertEquals(0f, opened.tensor("w").get(elements - 1));
    assertEquals(1f, opened.tensor("v").item());
  }

  @Test
  void tensorsOutliveTheirFile() throws IOException {
    Path file = Files.copy(pythonFile(), directory.resolve("copy.safetensors"));
    Tensor tensor = Safetensors.open(file).tensor("w.f32");
    AtomicFile.writeString(file, "other content");
    assertEquals(-2.5f, tensor.get(3));
  }

  @Test
  void namesKeepTheOrderOfTheFileAndCannotBeChanged() throws IOException {
    Safetensors file = Safetensors.open(pythonFile());
    assertEquals(List.of("i64", "w.f64", "empty"), file.names().stream().limit(3).toList());
    assertThrows(UnsupportedOperationException.class, () -> file.names().remove("i64"));
    assertTrue(file.contains("i64"));
  }
}
