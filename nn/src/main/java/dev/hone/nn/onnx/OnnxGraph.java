package dev.hone.nn.onnx;

import dev.hone.core.io.TensorFileException;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.channels.FileChannel;
import java.nio.channels.FileChannel.MapMode;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * What is read of an ONNX file: the nodes of its graph, its initialisers, over the mapped file, and the names of its outputs.
 */
record OnnxGraph(List<Node> nodes, Map<String, OnnxTensor> initializers, List<String> outputs) {
  /** Nodes, inputs, outputs and initialisers together; a file of tiny ones must not fill the heap. BERT-base has 7,000. */
  private static final int MAX_PARTS = 300_000;
  private static final int MOST_NUMBERS = 1000; // of an attribute
  private static final int MODEL_GRAPH = 7;
  private static final int GRAPH_NODE = 1;
  private static final int GRAPH_INITIALIZER = 5;
  private static final int GRAPH_OUTPUT = 12;

  /**
   * An operation.
   *
   * @param attributes Long, Float, long[] or OnnxTensor by name; others are left out
   */
  record Node(String name, String op, List<String> inputs, List<String> outputs, Map<String, Object> attributes) {
    /** The tensor of a Constant, else null. */
    OnnxTensor value() {
      return op.equals("Constant") && attributes.get("value") instanceof OnnxTensor tensor ? tensor : null;
    }

    /** A number, or what it is by default. */
    long number(String attribute, long usual) {
      return attributes.get(attribute) instanceof Long value ? value : usual;
    }
  }

  static OnnxGraph open(Path file) throws IOException {
    if (!Files.isRegularFile(file)) {
      throw new TensorFileException(file + (Files.exists(file) ? ": not a file" : ": no such file"));
    }
    try (FileChannel channel = FileChannel.open(file, StandardOpenOption.READ)) {
      return new Reader(file).model(channel.map(MapMode.READ_ONLY, 0, channel.size(), Arena.ofAuto()));
    }
  }

  /** Reads one file. */
  private static final class Reader {
    private final Path file;
    private final List<Node> nodes = new ArrayList<>();
    private final Map<String, OnnxTensor> initializers = new LinkedHashMap<>();
    private final List<String> outputs = new ArrayList<>();
    private int parts;

    Reader(Path file) {
      this.file = file;
    }

    OnnxGraph model(MemorySegment all) throws TensorFileException {
      Protobuf model = new Protobuf(file, "ModelProto", all);
      MemorySegment graph = null;
      while (model.next()) {
        if (model.field() == MODEL_GRAPH) {
          if (graph != null) {
            throw model.error("there are two graphs");
          }
          graph = model.bytes();
        }
      }
      if (graph == null) {
        throw model.error("there is no graph");
      }
      graph(new Protobuf(file, "GraphProto", graph));
      return new OnnxGraph(nodes, initializers, outputs);
    }

    private void graph(Protobuf graph) throws TensorFileException {
      while (graph.next()) {
        if (graph.field() == GRAPH_NODE) {
          nodes.add(node(new Protobuf(file, "NodeProto", graph.bytes())));
          count(graph);
        } else if (graph.field() == GRAPH_INITIALIZER) {
          OnnxTensor tensor = OnnxTensor.read(file, graph.bytes());
          if (initializers.put(tensor.name(), tensor) != null) {
            throw graph.error("two initialisers are called " + TensorFileException.quote(tensor.name()));
          }
          count(graph);
        } else if (graph.field() == GRAPH_OUTPUT) {
          outputs.add(nameOf(new Protobuf(file, "ValueInfoProto", graph.bytes())));
          count(graph);
        }
      }
    }

    private static String nameOf(Protobuf value) throws TensorFileException {
      String name = "";
      while (value.next()) {
        if (value.field() == 1) {
          name = value.text();
        }
      }
      return name;
    }

    private Node node(Protobuf node) throws TensorFileException {
      List<String> inputs = new ArrayList<>();
      List<String> outputs = new ArrayList<>();
      String name = "";
      String op = "";
      Map<String, Object> attributes = new HashMap<>();
      while (node.next()) {
        switch (node.field()) {
          case 1 -> inputs.add(node.text());
          case 2 -> outputs.add(node.text());
          case 3 -> name = node.text();
          case 4 -> op = node.text();
          case 5 -> attribute(new Protobuf(file, "AttributeProto", node.bytes()), attributes);
          default -> { } // comments, domains
        }
        count(node);
      }
      return new Node(name, op, inputs, outputs, attributes);
    }

    private void attribute(Protobuf proto, Map<String, Object> attributes) throws TensorFileException {
      String name = "";
      Object value = null;
      List<Long> numbers = new ArrayList<>();
      while (proto.next()) {
        switch (proto.field()) {
          case 1 -> name = proto.text();
          case 2 -> value = proto.real();
          case 3 -> value = proto.number();
          case 5 -> value = OnnxTensor.read(file, proto.bytes());
          case 8 -> {
            numbers.addAll(proto.numbers(MOST_NUMBERS));
            count(proto);
          }
          default -> { } // texts, graphs
        }
      }
      Object whole = numbers.isEmpty() ? value : numbers.stream().mapToLong(Long::longValue).toArray();
      if (whole != null) {
        attributes.put(name, whole);
      }
    }

    private void count(Protobuf proto) throws TensorFileException {
      if (++parts > MAX_PARTS) {
        throw proto.error("there are more than " + MAX_PARTS + " parts; no model of this kind has so many");
      }
    }
  }
}
