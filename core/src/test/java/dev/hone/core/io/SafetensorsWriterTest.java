package dev.hone.core.io;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.hone.core.DType;
import dev.hone.core.Shape;
import dev.hone.core.Tensor;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SafetensorsWriterTest {
  @TempDir
  Path directory;

  private final Path python = new SafetensorsTest().pythonFile();

  private List<String> files() throws IOException {
    try (Stream<Path> files = Files.list(directory)) {
      return files.map(file -> file.getFileName().toString()).sorted().toList();
    }
  }

  @Test
  void theSameContentInAnyOrderGivesTheBytesOfThePythonLibrary() throws IOException {
    Safetensors source = Safetensors.open(python);
    List<String> names = new ArrayList<>(source.names());
    Collections.shuffle(names, new Random(3));
    SafetensorsWriter writer = new SafetensorsWriter().metadata("format", "pt");
    names.forEach(name -> writer.add(name, source.tensor(name)));
    Path copy = directory.resolve("copy.safetensors");
    writer.write(copy);
    assertArrayEquals(Files.readAllBytes(python), Files.readAllBytes(copy));
    assertEquals(List.of("copy.safetensors"), files());
  }

  @Test
  void heapTensorsAreRoundedAsPythonRoundsThem() throws IOException {
    Safetensors source = Safetensors.open(python);
    SafetensorsWriter writer = new SafetensorsWriter().metadata("format", "pt");
    for (String name : source.names()) {
      switch (name) {
        case "w.f16", "w.bf16" -> writer.add(name, Tensor.of(SafetensorsTest.EDGES, 10), source.dtype(name));
        case "w.f32" -> writer.add(name, Tensor.of(SafetensorsTest.EDGES, 10).slice(0, 6).reshape(2, 3));
        default -> writer.add(name, source.tensor(name));
      }
    }
    Path copy = directory.resolve("copy.safetensors");
    writer.write(copy);
    assertArrayEquals(Files.readAllBytes(python), Files.readAllBytes(copy));
  }

  @Test
  void filesOfThePythonLibraryAreReproducedByteForByte() throws IOException {
    Path shared = Path.of(System.getProperty("hone.shared", "../../shared")).resolve("reference");
    assumeTrue(Files.isDirectory(shared), "reference files are not there: " + shared);
    int compared = 0;
    List<Path> all;
    try (Stream<Path> files = Files.walk(shared)) {
      all = files.filter(file -> file.toString().endsWith(".safetensors")).toList();
    }
    for (Path file : all) {
      Safetensors source = Safetensors.open(file);
      SafetensorsWriter writer = new SafetensorsWriter();
      source.metadata().forEach(writer::metadata);
      source.names().forEach(name -> writer.add(name, source.tensor(name)));
      Path copy = directory.resolve("copy.safetensors");
      writer.write(copy);
      assertEquals(-1, Files.mismatch(file, copy), file.toString());
      compared++;
    }
    assertTrue(compared > 10, compared + " files");
  }

  @Test
  void everyBfloat16RoundTripsAndHalvesRoundToEven() {
    for (int bits = 0; bits < 1 << 16; bits++) {
      float value = Float.intBitsToFloat(bits << 16);
      if (Float.isNaN(value)) {
        assertTrue(Float.isNaN(Float.intBitsToFloat(ElementWriter.toBFloat16(value) << 16)));
        continue;
      }
      assertEquals((short) bits, ElementWriter.toBFloat16(value));
      if (Float.isInfinite(value)) {
        continue;
      }
      int half = bits << 16 | 0x8000;
      assertEquals((short) (bits + (bits & 1)), ElementWriter.toBFloat16(Float.intBitsToFloat(half)), Integer.toHexString(half));
      assertEquals((short) bits, ElementWriter.toBFloat16(Float.intBitsToFloat(half - 1)));
      assertEquals((short) (bits + 1), ElementWriter.toBFloat16(Float.intBitsToFloat(half + 1)));
    }
    assertTrue(Float.isNaN(Float.intBitsToFloat(ElementWriter.toBFloat16(Float.intBitsToFloat(0x7F800001)) << 16)));
  }

  @Test
  void tensorsLongerThanTheBufferArriveWhole() throws IOException {
    float[] values = new float[700_001];
    Random random = new Random(1);
    for (int i = 0; i < values.length; i++) {
      values[i] = random.nextFloat() - 0.5f;
    }
    Path file = directory.resolve("long.safetensors");
    new SafetensorsWriter().add("f32", Tensor.of(values, values.length)).add("f16", Tensor.of(values, values.length), DType.F16)
        .add("f64", Tensor.of(values, values.length), DType.F64).write(file);
    Safetensors read = Safetensors.open(file);
    assertArrayEquals(values, read.tensor("f32").toFloatArray());
    assertArrayEquals(values, read.tensor("f64").toFloatArray());
    float[] half = read.tensor("f16").toFloatArray();
    for (int i = 0; i < values.length; i++) {
      assertEquals(Float.float16ToFloat(Float.floatToFloat16(values[i])), half[i]);
    }
    Path again = directory.resolve("again.safetensors");
    new SafetensorsWriter().add("a", read.tensor("f64"), DType.F32).add("b", read.tensor("f16"), DType.F16).write(again);
    assertArrayEquals(values, Safetensors.open(again).tensor("a").toFloatArray());
    assertArrayEquals(half, Safetensors.open(again).tensor("b").toFloatArray());
  }

  @Test
  void aModelAboveTheShardSizeIsSplitInOrderWithAnIndex() throws IOException {
    SafetensorsWriter writer = new SafetensorsWriter().metadata("format", "pt");
    for (int i = 0; i < 5; i++) {
      writer.add("layer." + i, Tensor.full(i, 10));
    }
    writer.add("big", Tensor.full(9, 30)).add("last", Tensor.full(7, 1));
    writer.writeModel(directory, 80);
    assertEquals(List.of("model-00001-of-00004.safetensors", "model-00002-of-00004.safetensors",
        "model-00003-of-00004.safetensors", "model-00004-of-00004.safetensors", "model.safetensors.index.json"), files());
    assertEquals("""
        {
          "metadata": {
            "total_parameters": 81,
            "total_size": 324
          },
          "weight_map": {
            "big": "model-00003-of-00004.safetensors",
            "last": "model-00004-of-00004.safetensors",
            "layer.0": "model-00001-of-00004.safetensors",
            "layer.1": "model-00001-of-00004.safetensors",
            "layer.2": "model-00002-of-00004.safetensors",
            "layer.3": "model-00002-of-00004.safetensors",
            "layer.4": "model-00004-of-00004.safetensors"
          }
        }
        """, Files.readString(directory.resolve("model.safetensors.index.json")));
    TensorSource read = WeightFiles.open(directory);
    assertEquals(7, read.names().size());
    assertEquals("pt", read.metadata().get("format"));
    for (int i = 0; i < 5; i++) {
      assertArrayEquals(Tensor.full(i, 10).array(), read.tensor("layer." + i).toFloatArray());
    }
    assertEquals(Shape.of(30), read.shape("big"));
  }

  @Test
  void aModelReplacesTheOneBeforeIt() throws IOException {
    SafetensorsWriter writer = new SafetensorsWriter().add("a", Tensor.full(1, 10)).add("b", Tensor.full(2, 10));
    Files.writeString(directory.resolve("config.json"), "{}");
    writer.writeModel(directory, 40);
    writer.writeModel(directory, SafetensorsWriter.DEFAULT_SHARD_BYTES);
    assertEquals(List.of("config.json", "model.safetensors"), files());
    writer.writeModel(directory, 40);
    assertEquals(List.of("config.json", "model-00001-of-00002.safetensors", "model-00002-of-00002.safetensors",
        "model.safetensors.index.json"), files());
    assertEquals(2f, WeightFiles.open(directory).tensor("b").get(0));
  }

  @Test
  void aModelCanBeRewrittenFromItsOwnMappedFile() throws IOException {
    new SafetensorsWriter().add("a", Tensor.full(1, 1000)).writeModel(directory, Long.MAX_VALUE);
    new SafetensorsWriter().add("a", WeightFiles.open(directory).tensor("a"), DType.BF16).writeModel(directory, Long.MAX_VALUE);
    assertEquals(DType.BF16, WeightFiles.open(directory).dtype("a"));
    assertEquals(1f, WeightFiles.open(directory).tensor("a").get(999));
  }

  @Test
  void aFailureWhileWritingLeavesTheOldFileAlone() throws IOException {
    Path file = directory.resolve("model.safetensors");
    new SafetensorsWriter().add("a", Tensor.full(1, 3)).write(file);
    SafetensorsWriter failing = new SafetensorsWriter().add("a", Tensor.full(2, 3)).add("b", Shape.of(3), DType.F32, () -> {
      throw new IllegalStateException("no more power");
    });
    assertThrows(IllegalStateException.class, () -> failing.write(file));
    assertThrows(IllegalStateException.class, () -> failing.writeModel(directory, 12));
    assertEquals(List.of("model.safetensors"), files());
    assertEquals(1f, Safetensors.open(file).tensor("a").get(0));
  }

  @Test
  void whatCannotBeWrittenIsSaid() {
    Tensor ints = tensorOfPython("i64");
    SafetensorsWriter writer = new SafetensorsWriter().add("a", ints);
    assertEquals("write tensor 'b': I64 cannot be stored as F32; only floats are converted, and only to floats",
        assertThrows(IllegalArgumentException.class, () -> writer.add("b", ints, DType.F32)).getMessage());
    assertEquals("tensor 'a' is added twice",
        assertThrows(IllegalArgumentException.class, () -> writer.add("a", ints)).getMessage());
    assertThrows(IllegalArgumentException.class, () -> writer.add("__metadata__", ints));
    SafetensorsWriter wrong = new SafetensorsWriter().add("c", Shape.of(2), DType.F32, () -> Tensor.zeros(3));
    assertEquals("write tensor 'c': announced as [2], its source gave [3]",
        assertThrows(IllegalArgumentException.class, () -> wrong.write(directory.resolve("c"))).getMessage());
    SafetensorsWriter half = new SafetensorsWriter().add("\uD800", Tensor.zeros(1));
    assertEquals("write safetensors: a name or a metadata string is not valid Unicode",
        assertThrows(IllegalArgumentException.class, () -> half.write(directory.resolve("d"))).getMessage());
    Path nowhere = directory.resolve("none").resolve("file");
    assertEquals("write " + nowhere + ": the directory " + nowhere.getParent() + " does not exist",
        assertThrows(IOException.class, () -> writer.write(nowhere)).getMessage());
  }

  @Test
  void aWriterWithoutTensorsWritesAValidFile() throws IOException {
    Path file = directory.resolve("empty.safetensors");
    new SafetensorsWriter().write(file);
    assertTrue(Safetensors.open(file).names().isEmpty());
    assertEquals(16, Files.size(file));
    new SafetensorsWriter().writeModel(directory, 1);
    assertTrue(WeightFiles.open(directory).names().isEmpty());
  }

  private Tensor tensorOfPython(String name) {
    try {
      return Safetensors.open(python).tensor(name);
    } catch (IOException e) {
      throw new AssertionError(e);
    }
  }

  @Test
  void suppliersAreCalledOneAtATime() throws IOException {
    List<String> calls = new ArrayList<>();
    SafetensorsWriter writer = new SafetensorsWriter();
    for (String name : List.of("b", "a")) {
      writer.add(name, Shape.of(1), DType.F16, () -> {
        calls.add(name);
        return Tensor.full(calls.size(), 1);
      });
    }
    assertEquals(List.of(), calls);
    writer.write(directory.resolve("x.safetensors"));
    assertEquals(Arrays.asList("a", "b"), calls);
  }
}
