package dev.hone.example.spark;

import dev.hone.train.source.ModelCache;
import dev.hone.train.source.ModelReference;
import java.util.ArrayList;
import java.util.List;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructType;

/**
 * A job that gives each row a vector, or with an adapter a label. Arguments: a model, an adapter or {@code -}, and files of JSON
 * lines with a {@code text}, and the directory for the rows with their answers (Parquet); without files it shows a few rows of
 * its own. Spark's master is {@code local[2]} unless {@code -Dspark.master} or {@code spark-submit} names another.
 */
public final class Answer {
  private static final String[] TEXTS = {"works like a charm", "broke on the first day", "better than I hoped", null,
      "a waste of money"};

  private Answer() {}

  public static void main(String[] args) throws Exception {
    String model = ModelCache.ofUser().directory(ModelReference.parse(args[0]), System.err::println).toString();
    String master = System.getProperty("spark.master", "local[2]");
    try (SparkSession spark = SparkSession.builder().appName("hone").master(master).config("spark.ui.enabled", false)
        .getOrCreate()) {
      Dataset<Row> rows = args.length > 2 ? spark.read().json(args[2]) : few(spark);
      Dataset<Row> answered = args[1].equals("-") ? TextColumns.embed(rows, "text", model)
          : TextColumns.classify(rows, "text", model, args[1]);
      if (args.length > 3) {
        answered.write().parquet(args[3]);
        System.out.println(spark.read().parquet(args[3]).count() + " rows in " + args[3]);
      } else {
        answered.show(10, 60);
      }
    }
  }

  /** A thousand rows in four partitions. */
  private static Dataset<Row> few(SparkSession spark) {
    List<Row> rows = new ArrayList<>();
    for (int i = 0; i < 1000; i++) {
      String text = TEXTS[i % TEXTS.length];
      rows.add(RowFactory.create(i, text == null ? null : text + ", order " + i));
    }
    StructType type = new StructType().add("id", DataTypes.IntegerType).add("text", DataTypes.StringType);
    return spark.createDataFrame(rows, type).coalesce(4);
  }
}
