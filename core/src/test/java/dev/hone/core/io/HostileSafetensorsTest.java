package dev.hone.core.io;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTimeoutPreemptively;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

class HostileSafetensorsTest {
  private static final String FORM = "the header has another form than the format demands: ";

  @TempDir
  Path directory;

  private String error(Path file) {
    TensorFileException thrown = assertTimeoutPreemptively(Duration.ofMinutes(5),
        () -> assertThrows(TensorFileException.class, () -> Safetensors.open(file)));
    String message = thrown.getMessage();
    assertTrue(message.startsWith(file + ": "), message);
    assertEquals(1, message.lines().count(), message);
    return message.substring(file.toString().length() + 2);
  }

  private static Arguments entry(String entry, int dataBytes, String message) {
    return Arguments.of("{\"w\":" + entry + "}", dataBytes, message);
  }

  static Stream<Arguments> headers() {
    String f32 = "{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,8]}";
    return Stream.of(
        entry("{\"dtype\":\"F32\",\"shape\":[-2],\"data_offsets\":[0,8]}", 8,
            "tensor 'w': shape [-2]: sizes must be from 0 to 2^31 - 1"),
        entry("{\"dtype\":\"F32\",\"shape\":[4294967298],\"data_offsets\":[0,8]}", 8,
            "tensor 'w': shape [4294967298]: sizes must be from 0 to 2^31 - 1"),
        entry("{\"dtype\":\"F32\",\"shape\":[99999999999999999999],\"data_offsets\":[0,8]}", 8,
            "tensor 'w': shape: the number '99999999999999999999' is beyond 64 bits"),
        entry("{\"dtype\":\"F32\",\"shape\":[2147483647,2147483647,2147483647],\"data_offsets\":[0,8]}", 8,
            "tensor 'w': shape [2147483647, 2147483647, 2147483647] has more than 2^63 elements"),
        entry("{\"dtype\":\"F64\",\"shape\":[1073741824,1073741824,2],\"data_offsets\":[0,0]}", 0,
            "tensor 'w': data_offsets [0, 0] hold 0 bytes, but F64 [1073741824, 1073741824, 2] has 2305843009213693952 elements"
                + " of 8"),
        entry("{\"dtype\":\"F32\",\"shape\":[2.0],\"data_offsets\":[0,8]}", 8, FORM + "tensor 'w': shape must be a whole number"),
        entry("{\"dtype\":\"F32\",\"shape\":[[2]],\"data_offsets\":[0,8]}", 8, FORM + "tensor 'w': shape must be a whole number"),
        entry("{\"dtype\":\"F32\",\"shape\":[" + "1,".repeat(64) + "1],\"data_offsets\":[0,4]}", 4,
            FORM + "tensor 'w': shape has more than 64 numbers"),
        entry("{\"dtype\":\"F32\",\"shape\":[3],\"data_offsets\":[0,8]}", 8,
            "tensor 'w': data_offsets [0, 8] hold 8 bytes, but F32 [3] has 3 elements of 4"),
        entry("{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,9]}", 9,
            "tensor 'w': data_offsets [0, 9] hold 9 bytes, but F32 [2] has 2 elements of 4"),
        entry("{\"dtype\":\"F32\",\"shape\":[268435456],\"data_offsets\":[0,1073741824]}", 8,
            "tensor 'w': data_offsets [0, 1073741824] end after the data, which has 8 bytes; the file is truncated or damaged"),
        entry("{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[-8,0]}", 8,
            "tensor 'w': data_offsets [-8, 0] are not a range: 0 <= begin <= end must hold"),
        entry("{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[8,0]}", 8,
            "tensor 'w': data_offsets [8, 0] are not a range: 0 <= begin <= end must hold"),
        entry("{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0]}", 8,
            FORM + "tensor 'w' must have a dtype, a shape and two data_offsets"),
        entry("{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,4,8]}", 8,
            FORM + "tensor 'w': data_offsets has more than 2 numbers"),
        entry("{\"dtype\":\"F32\",\"shape\":[2]}", 8, FORM + "tensor 'w' must have a dtype, a shape and two data_offsets"),
        entry("{\"dtype\":\"F8_E4M3\",\"shape\":[8],\"data_offsets\":[0,8]}", 8, "tensor 'w': dtype 'F8_E4M3' is not supported; "
            + "supported: F64, F32, F16, BF16, I64, I32, I16, I8, U8, BOOL"),
        entry("{\"dtype\":4,\"shape\":[2],\"data_offsets\":[0,8]}", 8, FORM + "tensor 'w': dtype must be a string"),
        entry("{\"dtype\":\"F32\",\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,8]}", 8, FORM
        + "tensor 'w' has two dtypes"),
        entry("{\"type\":\"F32\",\"shape\":[2],\"data_offsets\":[0,8]}", 8,
            "tensor 'w': unknown key 'type'; the format has dtype, shape and data_offsets"),
        entry("7", 8, FORM + "tensor 'w' must be an object of dtype, shape and data_offsets"),
        entry("[".repeat(1_000_000), 0, FORM + "tensor 'w' must be an object of dtype, shape and data_offsets"),
        entry("{\"a\":".repeat(1_000_000), 0, "tensor 'w': unknown key 'a'; the format has dtype, shape and data_offsets"),
        Arguments.of("{\"w\":" + f32 + ",\"w\":" + f32 + "}", 8, "tensor 'w': listed twice; names must be unique"),
        Arguments.of("{\"w\":" + f32 + ",\"v\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[4,12]}}", 12,
            "tensor 'v': data_offsets [4, 12] overlap tensor 'w', which ends at 8"),
        Arguments.of("{\"w\":" + f32 + ",\"v\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,8]}}", 8,
            "tensor 'v': data_offsets [0, 8] overlap tensor 'w', which ends at 8"),
        Arguments.of("{\"w\":" + f32 + ",\"v\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[12,16]}}", 16,
            "tensor 'v': data_offsets [12, 16] leave a hole after 8; the tensors must cover the data without holes"),
        Arguments.of("{\"w\":" + f32 + "}", 9,
            "the tensors end at byte 8 of the data, but the file has 9 bytes of data; nothing may follow the last tensor"),
        Arguments.of("{\"w\":" + f32 + "}", 7,
            "tensor 'w': data_offsets [0, 8] end after the data, which has 7 bytes; the file is truncated or damaged"),
        Arguments.of("{\"__metadata__\":{\"a\":1},\"w\":" + f32 + "}", 8, FORM + "__metadata__ must hold strings only"),
        Arguments.of("{\"__metadata__\":{},\"__metadata__\":{}}", 0, FORM + "__metadata__ must stand there only once"),
        Arguments.of("{\"__metadata__\":{\"a\":\"\",\"a\":\"\"}}", 0, FORM + "__metadata__ must not list a key twice"),
        Arguments.of("{}{}", 0, FORM + "nothing may follow it"),
        Arguments.of("[1]", 0, "not a safetensors file: the header must start with '{'"),
        Arguments.of(" {}", 0, "not a safetensors file: the header must start with '{'"));
  }

  @ParameterizedTest
  @MethodSource("headers")
  void aWrongHeaderIsNamedByItsRule(String header, int dataBytes, String message) throws IOException {
    assertEquals(message, error(TestFiles.safetensors(directory.resolve("model.safetensors"), header, dataBytes)));
  }

  @Test
  void aHeaderLengthBeyondTheFileIsRefused() throws IOException {
    byte[] json = "{}".getBytes(StandardCharsets.UTF_8);
    Path file = directory.resolve("model.safetensors");
    assertEquals("the header length is 3 bytes, but only 2 bytes follow; the file is truncated or not a safetensors file",
        error(TestFiles.raw(file, 3, json, 0)));
    assertEquals("not a safetensors file: the header length is 1073741824 bytes, the format allows 2 to 100000000",
        error(TestFiles.raw(file, 1 << 30, json, 0)));
    assertEquals("not a safetensors file: the header length is 18446744073709551615 bytes, the format allows 2 to 100000000",
        error(TestFiles.raw(file, -1, json, 0)));
    assertEquals("not a safetensors file: the header length is 0 bytes, the format allows 2 to 100000000",
        error(TestFiles.raw(file, 0, json, 0)));
  }

  @Test
  void aFileWithoutALengthIsRefused() throws IOException {
    Path file = Files.write(directory.resolve("model.safetensors"), new byte[7]);
    assertEquals("a safetensors file starts with 8 bytes of header length, this one has 7 bytes in all", error(file));
    Files.write(file, new byte[0]);
    assertEquals("a safetensors file starts with 8 bytes of header length, this one has 0 bytes in all", error(file));
  }

  @Test
  void brokenTextIsRefused() throws IOException {
    Path file = directory.resolve("model.safetensors");
    assertEquals("the header is not valid UTF-8", error(TestFiles.raw(file, 4, new byte[] {'{', '"', (byte) 0xC3, '"'}, 0)));
    // the three bytes of a surrogate
    assertEquals("the header is not valid UTF-8",
        error(TestFiles.raw(file, 5, new byte[] {'{', '"', (byte) 0xED, (byte) 0xA0, (byte) 0x80}, 0)));
    String message = error(TestFiles.safetensors(file, "{\"w\":{\"dtype\":\"F32\",", 0));
    assertTrue(message.startsWith("the header is not valid JSON at character 20: Unexpected end"), message);
    message = error(TestFiles.safetensors(file, "{'w':1}", 0));
    assertTrue(message.startsWith("the header is not valid JSON at character 2: "), message);
  }

  @Test
  void aLongNameWithLineBreaksStaysOneShortLine() throws IOException {
    String header = "{\"" + "a\\n\\u0000".repeat(10_000) + "\":7}";
    String message = error(TestFiles.safetensors(directory.resolve("model.safetensors"), header, 0));
    assertTrue(message.length() < 300, message);
  }

  @Test
  void everyTruncationAndEveryDamagedByteIsAnErrorOrAValidFile() throws IOException {
    byte[] good = Files.readAllBytes(new SafetensorsTest().pythonFile());
    Path file = directory.resolve("model.safetensors");
    for (int length = 0; length < good.length; length += 31) {
      Files.write(file, Arrays.copyOf(good, length));
      assertThrows(TensorFileException.class, () -> Safetensors.open(file));
    }
    Random random = new Random(5);
    for (int i = 0; i < 500; i++) {
      byte[] damaged = good.clone();
      damaged[random.nextInt(1000)] = (byte) random.nextInt(256);
      Files.write(file, damaged);
      try {
        Safetensors opened = Safetensors.open(file);
        opened.names().forEach(name -> opened.tensor(name).toFloatArray());
      } catch (TensorFileException e) {
        assertEquals(1, e.getMessage().lines().count(), e.getMessage());
      }
    }
  }

  @Test
  void aHugeHeaderOfManyNamesFinishesSoon() throws IOException {
    StringBuilder header = new StringBuilder("{");
    for (int i = 0; i < 200_000; i++) {
      header.append("\"n").append(i).append("\":{\"dtype\":\"F32\",\"shape\":[0],\"data_offsets\":[0,0]},");
    }
    header.setCharAt(header.length() - 1, '}');
    Path file = TestFiles.safetensors(directory.resolve("model.safetensors"), header.toString(), 0);
    Safetensors opened = assertTimeoutPreemptively(Duration.ofMinutes(5), () -> Safetensors.open(file));
    assertEquals(200_000, opened.names().size());
    assertTimeoutPreemptively(Duration.ofMinutes(5),
        () -> assertThrows(MissingTensorException.class, () -> opened.tensor("x".repeat(1000))));
  }
}
