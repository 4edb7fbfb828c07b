package dev.hone.example.jdbc;

import dev.hone.lora.LoraConfig;
import dev.hone.train.TrainConfig;
import dev.hone.train.Trainer;
import dev.hone.train.data.Dataset;
import dev.hone.train.data.Example;
import dev.hone.train.data.LabelSet;
import dev.hone.train.data.Split;
import dev.hone.train.source.ModelCache;
import dev.hone.train.source.ModelReference;
import dev.hone.train.task.classify.ClassifierTuning;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * A job that learns from a table: rows are read over JDBC, a fifth of them held out, and an adapter is left. Arguments: a model,
 * the directory for the adapter, and a JDBC address of a database with {@code reviews(id, text, label)}; without the address it
 * is a database in memory with a few rows. Any driver will do; this example brings H2's.
 */
public final class JdbcRows {
  // the same order each time
  private static final String QUERY = "select text, label from reviews where label is not null order by id";

  private JdbcRows() {}

  public static void main(String[] args) throws Exception {
    Dataset<Example.Labelled> data;
    try (Connection connection = DriverManager.getConnection(args.length > 2 ? args[2] : "jdbc:h2:mem:reviews")) {
      if (args.length < 3) {
        fill(connection);
      }
      data = Dataset.of("reviews", rows(connection));
    }
    Split split = Split.stratified(data, 0.2, 42);
    Path model = ModelCache.ofUser().directory(ModelReference.parse(args[0]), System.err::println);
    ClassifierTuning tuning = ClassifierTuning.lora(model, LabelSet.of(data), LoraConfig.of(8, 16), 42);
    TrainConfig config = TrainConfig.of(Map.of("learning_rate", 1e-3, "num_train_epochs", 3, "batch_size", 8));
    Trainer.Result result = tuning.train(data.select(split.train()), data.select(split.heldOut()), config);
    tuning.save(Path.of(args[1]));
    System.out.printf("%d rows, %d steps, held-out loss %.4f at step %d%n", data.size(), result.steps(), result.bestLoss(),
        result.bestStep());
  }

  private static List<Example.Labelled> rows(Connection connection) throws SQLException {
    List<Example.Labelled> rows = new ArrayList<>();
    try (Statement statement = connection.createStatement(); ResultSet found = statement.executeQuery(QUERY)) {
      while (found.next()) {
        rows.add(new Example.Labelled(found.getString("text"), found.getString("label")));
      }
    }
    return rows;
  }

  private static void fill(Connection connection) throws SQLException {
    try (Statement statement = connection.createStatement()) {
      statement.execute("create table reviews (id int primary key, text varchar(1000), label varchar(20))");
    }
    String[] good = {"works like a charm", "better than I hoped", "would buy it again", "sturdy and quiet"};
    String[] bad = {"broke on the first day", "never arrived", "louder than a train", "a waste of money"};
    try (PreparedStatement insert = connection.prepareStatement("insert into reviews values (?, ?, ?)")) {
      for (int i = 0; i < 40; i++) {
        insert.setInt(1, i);
        insert.setString(2, "It " + (i % 2 == 0 ? good : bad)[i / 2 % 4] + ", order " + i + ".");
        insert.setString(3, i % 2 == 0 ? "up" : "down");
        insert.executeUpdate();
      }
    }
  }
}
