package dev.hone.example.spark;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Iterator;
import java.util.List;
import org.apache.spark.api.java.function.MapPartitionsFunction;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Encoders;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructType;

/** Columns that a model makes of a column of texts. Rows keep their order and partition; without a text there is no answer. */
public final class TextColumns {
  private static final int BATCH = 64; // rows that a task has in memory at a time

  private TextColumns() {}

  /** Answers to some texts: the values of the new columns, of each. */
  private interface Answers extends java.io.Serializable {
    List<Object[]> of(List<String> texts);
  }

  /**
   * Adds {@code vector}, an array of floats.
   *
   * @param model its directory, on every executor
   */
  public static Dataset<Row> embed(Dataset<Row> rows, String text, String model) {
    StructType type = rows.schema().add("vector", DataTypes.createArrayType(DataTypes.FloatType, false));
    return add(rows, text, type, texts -> Models.embedder(model).embed(texts).stream()
        .map(vector -> new Object[] {boxed(vector)}).toList());
  }

  /** Adds {@code label} and {@code probability} of an adapter that {@code hone train} left. */
  public static Dataset<Row> classify(Dataset<Row> rows, String text, String model, String adapter) {
    StructType type = rows.schema().add("label", DataTypes.StringType).add("probability", DataTypes.FloatType);
    return add(rows, text, type, texts -> Models.classifier(model, adapter).predict(texts).stream()
        .map(prediction -> new Object[] {prediction.label(), prediction.probability()}).toList());
  }

  private static Object boxed(float[] vector) {
    Float[] numbers = new Float[vector.length];
    Arrays.setAll(numbers, i -> vector[i]);
    return numbers;
  }

  private static Dataset<Row> add(Dataset<Row> rows, String text, StructType type, Answers answers) {
    int column = rows.schema().fieldIndex(text);
    MapPartitionsFunction<Row, Row> part = partition -> new Batches(partition, column, type.size(), answers);
    return rows.mapPartitions(part, Encoders.row(type));
  }

  /** Rows of a partition with their answers, made a batch at a time as they are asked for. */
  private static final class Batches implements Iterator<Row> {
    private final Iterator<Row> rows;
    private final int column;
    private final int width;
    private final Answers answers;
    private Iterator<Row> ready = List.<Row>of().iterator();

    Batches(Iterator<Row> rows, int column, int width, Answers answers) {
      this.rows = rows;
      this.column = column;
      this.width = width;
      this.answers = answers;
    }

    @Override
    public boolean hasNext() {
      return ready.hasNext() || rows.hasNext();
    }

    @Override
    public Row next() {
      if (!ready.hasNext()) {
        ready = batch().iterator();
      }
      return ready.next();
    }

    private List<Row> batch() {
      List<Row> batch = new ArrayList<>();
      List<String> texts = new ArrayList<>();
      while (batch.size() < BATCH && rows.hasNext()) {
        Row row = rows.next();
        batch.add(row);
        if (!row.isNullAt(column)) {
          texts.add(row.getString(column));
        }
      }
      Iterator<Object[]> found = (texts.isEmpty() ? List.<Object[]>of() : answers.of(texts)).iterator();
      return batch.stream().map(row -> {
        Object[] values = new Object[width];
        for (int i = 0; i < row.size(); i++) {
          values[i] = row.get(i);
        }
        if (!row.isNullAt(column)) {
          Object[] more = found.next();
          System.arraycopy(more, 0, values, row.size(), more.length);
        }
        return RowFactory.create(values);
      }).toList();
    }
  }
}
