package dev.hone.train.cli;

import dev.hone.train.config.Arguments;
import dev.hone.train.config.Flag;
import dev.hone.train.data.DataOptions;
import dev.hone.train.data.Dataset;
import dev.hone.train.data.Example;
import dev.hone.train.run.TrainFlags;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import tools.jackson.databind.node.ObjectNode;

/**
 * Rows of a file that get an answer each, with what identifies them: their line, and columns that go to the output as they are.
 *
 * @param data the rows
 * @param columns the columns to keep
 */
record TextRows<E extends Example>(Dataset<E> data, List<String> columns) {
  static final Flag KEEP = Flag.of("keep", "COLUMN,...",
      null, "columns of --data that the output has, too [id, if there is one]");

  /** Rows of the file that {@code --data} names. */
  static <E extends Example> TextRows<E> of(Arguments arguments, Function<DataOptions, Dataset<E>> reader) {
    boolean said = arguments.has(KEEP.name());
    List<String> columns = said ? arguments.list(KEEP.name()) : List.of("id");
    Dataset<E> data = reader.apply(TrainFlags.data(arguments).withMore(said ? columns : List.of("id?")));
    return new TextRows<>(data, columns.stream().filter(data::hasColumn).toList());
  }

  /** The file. */
  static Path file(Arguments arguments) {
    return Path.of(arguments.required("data"));
  }

  /** What identifies row {@code i}. */
  Map<String, String> kept(int i) {
    Map<String, String> kept = new LinkedHashMap<>();
    columns.forEach(name -> kept.put(name, data.column(name).get(i)));
    return kept;
  }

  /** Puts what identifies row {@code i} into an object. */
  ObjectNode put(ObjectNode node, int i) {
    node.put("line", data.line(i));
    kept(i).forEach(node::put);
    return node;
  }

  /** The kept cells of row {@code i} with a tab behind each. */
  String cells(int i) {
    StringBuilder cells = new StringBuilder();
    kept(i).values().forEach(cell -> cells.append(oneLine(cell)).append('\t'));
    return cells.toString();
  }

  /** A text without tabs and line ends, for a cell of a table. */
  static String oneLine(String text) {
    return text.replaceAll("[\\t\\n\\r]+", " ");
  }
}
