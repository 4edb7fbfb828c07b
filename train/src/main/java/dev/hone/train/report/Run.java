package dev.hone.train.report;

import dev.hone.train.data.DataException;
import dev.hone.train.evaluation.Evaluation;
import dev.hone.train.evaluation.PredictionsFile;
import dev.hone.train.evaluation.Slices;
import dev.hone.train.metric.Bootstrap;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import tools.jackson.core.JacksonException;
import tools.jackson.core.type.TypeReference;
import tools.jackson.dataformat.yaml.YAMLMapper;

/**
 * What a run left in its directory.
 *
 * @param directory where
 * @param facts {@code run.json}
 * @param settings {@code run.yaml}; empty if there is none
 * @param curves {@code metrics.jsonl}
 * @param evaluation of the rows in {@code predictions.jsonl}; null if there are none
 * @param slices the figures of groups of these rows, one for each column that was asked for
 */
public record Run(Path directory, RunFacts facts, Map<String, String> settings, Curves curves, Evaluation evaluation,
    List<Slices> slices) {
  private static final String SETTINGS = "run.yaml";
  private static final String METRICS = "metrics.jsonl";
  private static final YAMLMapper YAML = YAMLMapper.builder().build();

  /** Reads a directory. Throws {@link DataException} if it is not one of a run that came to its end. */
  public static Run read(Path directory) throws IOException {
    RunFacts facts = RunFacts.read(directory);
    Path file = directory.resolve(PredictionsFile.NAME);
    Evaluation evaluation = null;
    if (!facts.measuredOn().isEmpty() && Files.isRegularFile(file)) {
      PredictionsFile predictions = PredictionsFile.read(file);
      // Labels come in the order of the first row's probabilities, which is theirs in the model.
      evaluation = Evaluation.of(predictions.labels(), predictions.predictions(), Bootstrap.USUAL);
    }
    return read(directory, facts, evaluation);
  }

  /** Reads a run with facts and figures that are at hand. */
  static Run read(Path directory, RunFacts facts, Evaluation evaluation) throws IOException {
    List<Slices> slices = new ArrayList<>();
    if (evaluation != null) {
      facts.groups().forEach((column, cells) -> slices.add(Slices.of(column, cells, evaluation)));
    }
    return new Run(directory, facts, settings(directory.resolve(SETTINGS)), Curves.read(directory.resolve(METRICS)), evaluation,
        slices);
  }

  private static Map<String, String> settings(Path file) throws IOException {
    Map<String, String> settings = new LinkedHashMap<>();
    if (Files.isRegularFile(file)) {
      try {
        YAML.readValue(Files.readString(file), new TypeReference<LinkedHashMap<String, Object>>() {})
            .forEach((key, value) -> settings.put(key, String.valueOf(value)));
      } catch (JacksonException e) {
        throw new DataException(file.toString(), "is not what a run leaves: " + e.getOriginalMessage());
      }
    }
    return settings;
  }

  /** What the run is called: the name of its directory. */
  public String name() {
    Path name = directory.toAbsolutePath().normalize().getFileName();
    return name == null ? "run" : name.toString();
  }
}
