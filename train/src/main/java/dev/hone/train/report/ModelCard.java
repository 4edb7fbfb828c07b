package dev.hone.train.report;

import dev.hone.train.evaluation.Evaluation;
import dev.hone.train.task.TaskName;
import dev.hone.train.evaluation.Figure;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.Set;
import tools.jackson.dataformat.yaml.YAMLMapper;

/** A model card in the form of the Hugging Face Hub: metadata in YAML, then Markdown. */
final class ModelCard {
  private static final Set<String> PEFT = Set.of("lora", "vera", "loha", "adalora", "ia3", "prompt", "prefix");
  /** Figures by the names that the Hub knows. */
  private static final Map<String, String> METRICS = metrics();
  private static final int LABELS = 50;

  private final Run run;

  ModelCard(Run run) {
    this.run = run;
  }

  private static Map<String, String> metrics() {
    Map<String, String> names = new LinkedHashMap<>();
    names.put("accuracy", "accuracy");
    names.put("macro_f1", "f1");
    names.put("matthews", "matthews_correlation");
    names.put("auroc", "roc_auc");
    names.put("mae", "mae");
    names.put("rmse", "rmse");
    names.put("r2", "r_squared");
    names.put("pearson", "pearsonr");
    names.put("perplexity", "perplexity");
    return names;
  }

  String text() {
    RunFacts facts = run.facts();
    StringBuilder text = new StringBuilder(YAMLMapper.builder().build().writeValueAsString(metadata())).append("---\n\n");
    text.append("# ").append(run.name()).append("\n\n");
    text.append(String.format(Locale.ROOT, "%s tuned from `%s` with Hone (`%s`, %,d of %,d numbers trained).%n%n",
        capital(TaskName.named(facts.task()).model()), facts.baseModel(), facts.method(),
        facts.trainedParameters(), facts.allParameters()));
    if (!facts.labels().isEmpty() && !facts.problemType().equals("regression")) {
      text.append("Labels: ").append(String.join(", ", facts.labels().stream().limit(LABELS).map(label -> "`" + label
          + "`").toList()))
          .append(facts.labels().size() > LABELS ? " and " + (facts.labels().size() - LABELS) + " more" : "").append(".\n\n");
    }
    use(text);
    training(text);
    results(text);
    text.append("## Limits\n\nThe figures hold for rows like those measured, and no others. ")
        .append(facts.measuredOn().equals("held-out") ? "The weights were chosen by the rows that were measured. " : "")
        .append("How it does for groups of people, other languages or other kinds of text was not measured unless said here.\n");
    return text.toString().replace("\r\n", "\n");
  }

  private Map<String, Object> metadata() {
    RunFacts facts = run.facts();
    boolean peft = PEFT.contains(facts.method());
    Map<String, Object> metadata = new LinkedHashMap<>();
    metadata.put("base_model", facts.baseModel().replaceFirst("@[0-9a-f]{40}$", "")); // a hub knows names
    metadata.put("library_name", peft ? "peft" : facts.task().equals("embed") ? "sentence-transformers"
        : facts.product().equals("model") ? "transformers" : "hone");
    metadata.put("pipeline_tag", task());
    List<String> tags = new ArrayList<>(List.of("hone", facts.method()));
    if (peft) {
      tags.add("transformers");
    }
    metadata.put("tags", tags);
    List<Map<String, Object>> measured = measured();
    if (!measured.isEmpty()) {
      metadata.put("metrics", measured.stream().map(metric -> metric.get("type")).toList());
      String data = Path.of(file()).getFileName().toString();
      metadata.put("model-index", List.of(ordered("name", run.name(), "results",
          List.of(ordered("task", ordered("type", task(), "name",
          Arrays.stream(task().split("-")).map(ModelCard::capital).collect(Collectors.joining(" "))), "dataset",
          ordered("name", data + " (" + facts.measuredOn() + ")", "type", data), "metrics", measured)))));
    }
    return metadata;
  }

  /** The file that the measured rows are of. */
  private String file() {
    return run.facts().files().stream().filter(file -> file.role().equals(run.facts().measuredOn())).findFirst()
        .or(() -> run.facts().files().stream().findFirst()).map(RunFacts.DataFile::file).orElse("rows");
  }

  private String task() {
    return switch (TaskName.named(run.facts().task())) {
      case GENERATE, DISTIL -> "text-generation";
      case PREFER -> run.facts().labels().isEmpty() ? "text-generation" : "text-classification";
      case CLASSIFY -> "text-classification";
      case EMBED -> "sentence-similarity";
      case RERANK -> "text-ranking";
      case TAG -> "token-classification";
    };
  }

  private static String capital(String words) {
    return Character.toUpperCase(words.charAt(0)) + words.substring(1);
  }

  private List<Map<String, Object>> measured() {
    List<Map<String, Object>> measured = new ArrayList<>();
    if (run.evaluation() != null) {
      METRICS.forEach((name, hub) -> {
        Figure figure = run.evaluation().figures().get(name);
        if (figure != null && Double.isFinite(figure.value())) {
          measured.add(ordered("type", hub, "value", Math.round(figure.value() * 1e4) / 1e4, "name", name.replace('_', ' ')));
        }
      });
    }
    return measured;
  }

  private static Map<String, Object> ordered(Object... pairs) {
    Map<String, Object> map = new LinkedHashMap<>();
    for (int i = 0; i < pairs.length; i += 2) {
      map.put(pairs[i].toString(), pairs[i + 1]);
    }
    return map;
  }

  private void use(StringBuilder text) {
    RunFacts facts = run.facts();
    String weights = facts.product().equals("adapter") ? "--model " + facts.baseModel() + " --adapter " + facts.product()
        : "--model " + facts.product();
    text.append("## Use\n\n```sh\n./hone ").append(switch (task()) {
      case "text-generation" -> "generate " + weights + " --prompt \"Once upon a time\"";
      case "sentence-similarity" -> "embed " + weights + " \"some text\"";
      case "text-ranking" -> "rerank " + weights + " --query \"a question\" \"a document\" \"another\"";
      case "token-classification" -> "tag " + weights + " \"some text\"";
      default -> "predict " + weights + " \"some text\"";
    }).append("\n```\n\n");
    if (PEFT.contains(facts.method())) {
      text.append("`adapter` is a PEFT adapter: `adapter_config.json` and `adapter_model.safetensors`.\n\n");
    } else if (facts.product().equals("model")) {
      text.append("`model` is a Hugging Face model directory.\n\n");
    }
  }

  private void training(StringBuilder text) {
    RunFacts facts = run.facts();
    text.append(String.format(Locale.ROOT, "## Training%n%n%,d rows (%,d tokens), %d steps in %s; the weights are those of step "
        + "%d.%n%n",
        facts.trainingRows(), facts.trainingTokens(), facts.steps(), Report.duration(facts.seconds()), facts.bestStep()));
    text.append("| Rows for | File | SHA-256 |\n| --- | --- | --- |\n");
    facts.files().forEach(file -> text.append("| ").append(file.role()).append(" | `")
        .append(Path.of(file.file()).getFileName()).append("` | `").append(file.sha256()).append("` |\n"));
    text.append('\n');
    List<String> shown = List.of("learning_rate", "lr_scheduler_type", "batch_size", "gradient_accumulation_steps",
        "num_train_epochs",
        "max_steps", "optim", "weight_decay", "lora_r", "lora_alpha", "lora_dropout", "target_modules", "use_dora", "seed");
    boolean lora = facts.method().equals("lora");
    List<String> settings = shown.stream().filter(run.settings()::containsKey)
        .filter(key -> lora || !key.startsWith("lora") && !key.equals("use_dora") && !key.equals("target_modules"))
        .map(key -> "`" + key + "` " + run.settings().get(key)).toList();
    if (!settings.isEmpty()) {
      text.append("Settings: ").append(String.join(", ", settings)).append(".\n\n");
    }
  }

  private void results(StringBuilder text) {
    Evaluation evaluation = run.evaluation();
    if (evaluation == null) {
      text.append("## Results\n\nNothing was measured.\n\n");
      return;
    }
    text.append(String.format(Locale.ROOT, "## Results%n%nOn %s, with %.0f %% bootstrap intervals.%n%n| Figure | Value | From | "
        + "To |%n"
        + "| --- | --- | --- | --- |%n", Findings.rows(run), 100 * evaluation.bootstrap().level()));
    evaluation.figures().forEach((name, figure) -> {
      if (Double.isFinite(figure.value())) {
        text.append(String.format(Locale.ROOT, "| %s | %.4f | %.4f | %.4f |%n", name.replace('_', ' '), figure.value(),
            figure.low(),
            figure.high()));
      }
    });
    text.append('\n');
  }
}
