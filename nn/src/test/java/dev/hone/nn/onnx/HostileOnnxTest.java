package dev.hone.nn.onnx;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTimeoutPreemptively;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.hone.core.io.TensorFileException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class HostileOnnxTest {
  private static final String INVALID = "not a valid ONNX file: in a ";

  @TempDir
  Path directory;

  private String error(Proto model) throws IOException {
    return error(model.toBytes());
  }

  private String error(byte... bytes) throws IOException {
    Path file = Files.write(directory.resolve("model.onnx"), bytes);
    String message = assertTimeoutPreemptively(Duration.ofMinutes(5),
        () -> assertThrows(TensorFileException.class, () -> OnnxBert.open(file)).getMessage());
    assertTrue(message.startsWith(file + ": "), message);
    assertEquals(1, message.lines().count());
    return message.substring(file.toString().length() + 2);
  }

  private static Proto graph(Proto graph) {
    return new Proto().message(7, graph);
  }

  private static Proto tensor(Proto tensor) {
    return graph(new Proto().message(5, tensor.number(2, 1).text(8, "w")));
  }

  @Test
  void wrongBytesAreNamedByTheirMessage() throws IOException {
    assertEquals(INVALID + "ModelProto, there is no graph", error());
    assertEquals(INVALID + "ModelProto, there are two graphs", error(graph(new Proto()).message(7, new Proto())));
    assertEquals(INVALID + "ModelProto, field 7 has 100 bytes, but only 0 are left", error((byte) 58, (byte) 100));
    assertEquals(INVALID + "ModelProto, field 7 has 18446744073709551615 bytes, but only 0 are left",
        error(new Proto().varint(58).varint(-1)));
    assertEquals(INVALID + "ModelProto, field 7 has 1073741824 bytes, but only 1 are left",
        error(new Proto().varint(58).varint(1 << 30).raw((byte) 0)));
    assertEquals(INVALID + "ModelProto, the bytes end within a number", error((byte) 0x80));
    byte[] endless = new byte[20];
    Arrays.fill(endless, (byte) 0xFF);
    assertEquals(INVALID + "ModelProto, a number has more than 10 bytes", error(endless));
    assertEquals(INVALID + "ModelProto, field 1 has the wire type 3, which ONNX does not use", error((byte) 11));
    assertEquals(INVALID + "ModelProto, field number 0 is not one", error((byte) 0, (byte) 0));
    assertEquals(INVALID + "ModelProto, field 7 has the wire type 0 instead of 2", error(new Proto().number(7, 1)));
    assertEquals(INVALID + "ModelProto, field 14 has the wire type 3, which ONNX does not use",
        error("{\"not\": \"onnx\"}".replace('{', 's').getBytes()));
  }

  @Test
  void wrongTensorsAreNamedByTheirRule() throws IOException {
    assertEquals(INVALID + "TensorProto, tensor 'w' has the shape [-1]; sizes must be from 0 to 2^31 - 1",
        error(tensor(new Proto().number(1, -1))));
    assertEquals(INVALID + "TensorProto, tensor 'w' has the shape [4294967296]; sizes must be from 0 to 2^31 - 1",
        error(tensor(new Proto().number(1, 1L << 32))));
    assertEquals(INVALID + "TensorProto, tensor 'w' has the shape [2147483647, 2147483647, 2147483647], which is more than 2^63 "
        + "elements", error(tensor(new Proto().number(1, Integer.MAX_VALUE).number(1, Integer.MAX_VALUE)
            .number(1, Integer.MAX_VALUE))));
    assertEquals("tensor 'w': 4 bytes of data, but F32 [268435456] has 268435456 elements of 4",
        error(tensor(new Proto().number(1, 1 << 28).bytes(9, new byte[4]))));
    assertEquals("tensor 'w': 7 bytes of data, but F32 [1] has 1 elements of 4",
        error(tensor(new Proto().number(1, 1).bytes(9, new byte[7]))));
    assertEquals(INVALID + "TensorProto, field 1 has more than 64 numbers", error(tensor(new Proto().bytes(1, new byte[65]))));
    Proto axes = new Proto();
    for (int i = 0; i < 65; i++) {
      axes.number(1, 0);
    }
    assertEquals(INVALID + "TensorProto, a tensor has more than 64 axes", error(tensor(axes)));
    assertEquals(INVALID + "TensorProto, field 8 is a text of 10001 bytes; at most 10000 are read",
        error(tensor(new Proto().text(8, "x".repeat(10_001)))));
    assertEquals(INVALID + "TensorProto, field 8 is not valid UTF-8",
        error(tensor(new Proto().bytes(8, new byte[] {(byte) 0xC3}))));
    Proto twice = new Proto().message(5, new Proto().text(8, "w")).message(5, new Proto().text(8, "w"));
    assertEquals(INVALID + "GraphProto, two initialisers are called 'w'", error(graph(twice)));
  }

  @Test
  void hundredsOfThousandsOfTinyNodesAreRefusedSoon() throws IOException {
    byte[] nodes = new byte[2 * 300_001];
    for (int i = 0; i < nodes.length; i += 2) {
      nodes[i] = 10;
    }
    assertEquals(INVALID + "GraphProto, there are more than 300000 parts; no model of this kind has so many",
        error(new Proto().bytes(7, nodes)));
    assertEquals(INVALID + "NodeProto, there are more than 300000 parts; no model of this kind has so many",
        error(graph(new Proto().bytes(1, nodes))));
  }

  @Test
  void everyTruncationAndEveryDamagedByteIsAnErrorOrAValidModel() throws IOException {
    byte[] good = new TinyBert().toBytes();
    Path file = directory.resolve("model.onnx");
    for (int length = 0; length < good.length - 10; length += 203) {
      error(Arrays.copyOf(good, length));
    }
    Random random = new Random(9);
    for (int i = 0; i < 500; i++) {
      byte[] damaged = good.clone();
      damaged[random.nextInt(good.length)] = (byte) random.nextInt(256);
      Files.write(file, damaged);
      try {
        OnnxBert bert = OnnxBert.open(file);
        bert.weights().names().forEach(name -> bert.weights().tensor(name).toFloatArray());
      } catch (TensorFileException e) {
        assertEquals(1, e.getMessage().lines().count());
      }
    }
  }
}
