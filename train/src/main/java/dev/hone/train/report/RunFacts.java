package dev.hone.train.report;

import dev.hone.core.io.AtomicFile;
import dev.hone.train.data.DataException;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.DigestInputStream;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.DeserializationFeature;
import tools.jackson.databind.PropertyNamingStrategies;
import tools.jackson.databind.SerializationFeature;
import tools.jackson.databind.json.JsonMapper;

/**
 * What a run was and did, apart from its settings, its curves and its predictions: {@code run.json}.
 *
 * @param task {@code classify} or {@code generate}
 * @param problemType of a classifier, such as {@code single_label_classification}; empty for a language model
 * @param baseModel the model as it was named
 * @param method what was trained, such as {@code lora}
 * @param product {@code adapter} or {@code model}: the directory with the weights
 * @param labels the names of the classes; empty for a language model
 * @param trainedParameters how many numbers were trained
 * @param allParameters how many the model has
 * @param files that the rows came from
 * @param trainingRows learnt from; of a long text, its blocks
 * @param trainingTokens of them
 * @param steps that were taken
 * @param bestStep whose weights were kept
 * @param bestLoss their loss on held-out rows; null if there were none
 * @param stoppedEarly whether it ended before its last step
 * @param seconds of training
 * @param measuredOn what the predictions are of: {@code test}, {@code held-out}, or empty if there are none
 * @param rowsThere how many such rows there are, of which a bounded number was measured
 * @param groups what each measured row has in a column that figures are grouped by, by column
 * @param samples answers before and after
 * @param remarks further things worth knowing, by name
 * @param environment what computed, by name
 * @param finished when, in UTC
 */
public record RunFacts(String task, String problemType, String baseModel, String method, String product, List<String> labels,
    long trainedParameters, long allParameters, List<DataFile> files, int trainingRows, long trainingTokens, int steps,
    int bestStep, Double bestLoss, boolean stoppedEarly, double seconds, String measuredOn, int rowsThere,
    Map<String, List<String>> groups, List<Sample> samples, Map<String, String> remarks, Map<String, String> environment,
    String finished) {
  public RunFacts {
    groups = groups == null ? Map.of() : groups; // of a file without them
  }

  /** The name of the file in a run's directory. */
  public static final String NAME = "run.json";

  private static final JsonMapper JSON = JsonMapper.builder().enable(SerializationFeature.INDENT_OUTPUT)
      .propertyNamingStrategy(PropertyNamingStrategies.SNAKE_CASE).disable(DeserializationFeature.FAIL_ON_UNKNOWN_PROPERTIES)
      .build();

  /**
   * A file that rows came from.
   *
   * @param role {@code training}, {@code held-out} or {@code test}
   * @param file as it was named
   * @param bytes its length
   * @param sha256 its hash, in hexadecimal digits
   */
  public record DataFile(String role, String file, long bytes, String sha256) {
    /** Reads the file through. */
    public static DataFile of(String role, Path file) throws IOException {
      try {
        MessageDigest hash = MessageDigest.getInstance("SHA-256");
        long bytes;
        try (InputStream in = new DigestInputStream(Files.newInputStream(file), hash)) {
          bytes = in.transferTo(OutputStream.nullOutputStream());
        }
        return new DataFile(role, file.toString(), bytes, HexFormat.of().formatHex(hash.digest()));
      } catch (NoSuchAlgorithmException e) {
        throw new IllegalStateException(e); // every Java platform has it
      }
    }
  }

  /**
   * What a model answers.
   *
   * @param input what it is given
   * @param wanted the right answer; empty if there is none
   * @param before its answer before training
   * @param after and afterwards
   */
  public record Sample(String input, String wanted, String before, String after) {}

  /** Writes the file into a run's directory. */
  void write(Path directory) throws IOException {
    AtomicFile.writeString(directory.resolve(NAME), JSON.writeValueAsString(this) + "\n");
  }

  /** Reads the file of a run's directory. */
  static RunFacts read(Path directory) throws IOException {
    Path file = directory.resolve(NAME);
    if (!Files.isRegularFile(file)) {
      throw new DataException(directory.toString(), "has no " + NAME
          + ": not the directory of a run that came to its end, or one "
          + "with --report-to none");
    }
    try {
      return JSON.readValue(Files.readString(file), RunFacts.class);
    } catch (JacksonException e) {
      throw new DataException(file.toString(), "is not what a run leaves: " + e.getOriginalMessage());
    }
  }
}
