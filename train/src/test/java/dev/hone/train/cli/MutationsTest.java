package dev.hone.train.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assertions.fail;

import dev.hone.core.HoneException;
import dev.hone.lora.Adapter;
import dev.hone.lora.AdapterFiles;
import dev.hone.lora.LoraConfig;
import dev.hone.nn.ModelConfig;
import dev.hone.nn.PretrainedModel;
import dev.hone.nn.Task;
import dev.hone.nn.generate.GenerationSettings;
import dev.hone.tokenizer.Tokenizer;
import dev.hone.tokenizer.definition.TokenizerException;
import dev.hone.train.TinyLanguageModel;
import dev.hone.train.TinyModel;
import dev.hone.train.TrainConfig;
import dev.hone.train.config.Arguments;
import dev.hone.train.config.Flag;
import dev.hone.train.config.UserError;
import dev.hone.train.data.DataOptions;
import dev.hone.train.data.Dataset;
import dev.hone.train.data.Example;
import dev.hone.train.run.TrainFlags;
import dev.hone.train.task.generate.LanguageTuning;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeSet;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.MappingIterator;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ObjectNode;
import tools.jackson.dataformat.csv.CsvMapper;
import tools.jackson.dataformat.csv.CsvReadFeature;
import tools.jackson.dataformat.yaml.YAMLMapper;

/**
 * Files that were changed at random end in an exception of the library's own, of one line, or in a result; a sample of the
 * results agrees with what Jackson reads in the same file. {@code -Dhone.mutations=10000} makes so many of each kind, from
 * another seed every time; {@code -Dhone.seed} repeats a run.
 */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class MutationsTest {
  private static final JsonMapper JSON = JsonMapper.builder().build();
  private static final int USUAL = 200; // with one seed, so that a build is repeated by building again
  private static final int COUNT = Integer.getInteger("hone.mutations", USUAL);
  private static final long SEED = Long.getLong("hone.seed", COUNT == USUAL ? 20261130 : System.nanoTime());
  private static final int COMPARED = 200;
  private static final long MAX_BYTES = 200_000_000;
  private static final double MAX_SECONDS = 1; // of this thread alone, so that a busy machine does not fail the test

  @TempDir
  static Path directory;

  private Path language;
  private PretrainedModel model;

  /** Reads a mutant, and compares what was read with another reading. */
  private interface Reading {
    Comparison read(Path file) throws IOException;
  }

  /** Fails if the other reading differs. */
  private interface Comparison {
    void compare(byte[] file) throws IOException;
  }

  @BeforeAll
  void prepare() throws IOException {
    language = TinyLanguageModel.write(directory.resolve("language"));
    model = PretrainedModel.load(language, Task.CAUSAL_LM);
    System.out.println("MutationsTest: -Dhone.seed=" + SEED);
  }

  private static void mutate(String kind, Path file, Reading reading) throws IOException {
    com.sun.management.ThreadMXBean thread = (com.sun.management.ThreadMXBean) ManagementFactory.getThreadMXBean();
    byte[] whole = Files.readAllBytes(file);
    reading.read(file).compare(whole); // also loads what is loaded once
    Mutator mutator = new Mutator(SEED + kind.hashCode());
    int accepted = 0;
    int compared = 0;
    long mostBytes = 0;
    double mostSeconds = 0;
    List<String> faults = new ArrayList<>();
    Map<String, Integer> refusals = new HashMap<>();
    for (int i = 0; i < COUNT; i++) {
      byte[] mutant = mutator.mutate(whole);
      Files.write(file, mutant);
      long bytes = thread.getCurrentThreadAllocatedBytes();
      long nanos = thread.getCurrentThreadCpuTime();
      Throwable fault = null;
      Comparison comparison = null;
      try {
        comparison = reading.read(file);
        accepted++;
      } catch (HoneException | TokenizerException e) {
        refusals.merge(e.getClass().getSimpleName(), 1, Integer::sum);
        fault = e.getMessage().lines().count() == 1 && e.getMessage().length() < 1500 ? null : e;
      } catch (Exception | Error e) {
        fault = e;
      }
      double seconds = (thread.getCurrentThreadCpuTime() - nanos) / 1e9;
      bytes = thread.getCurrentThreadAllocatedBytes() - bytes;
      mostBytes = Math.max(mostBytes, bytes);
      mostSeconds = Math.max(mostSeconds, seconds);
      if (fault == null && (bytes > MAX_BYTES || seconds > MAX_SECONDS)) {
        fault = new AssertionError(bytes + " bytes, " + seconds + " s");
      }
      if (fault == null && comparison != null && compared < COMPARED) {
        compared++;
        try {
          comparison.compare(mutant);
        } catch (Exception | Error e) {
          fault = new AssertionError("read otherwise: " + e.getMessage(), e);
        }
      }
      if (fault != null) {
        faults.add(i + ": " + fault + " at " + (fault.getStackTrace().length == 0 ? "?" : fault.getStackTrace()[0]) + " in "
            + shown(mutant, whole));
      }
    }
    Files.write(file, whole);
    System.out.printf(Locale.ROOT, "%-22s %d mutants: %d accepted (%d compared), %d refused %s; at most %.1f MB, %.2f s%n", kind,
        COUNT, accepted, compared, COUNT - accepted, refusals, mostBytes / 1e6, mostSeconds);
    if (!faults.isEmpty()) {
      fail(kind + ", -Dhone.seed=" + SEED + ": " + faults.size() + " faults\n" + String.join("\n", faults.subList(0, Math.min(12,
          faults.size()))));
    }
  }

  /** Where a mutant begins to differ. */
  private static String shown(byte[] mutant, byte[] whole) {
    int at = Math.max(0, java.util.Arrays.mismatch(mutant, whole) - 40);
    byte[] part = java.util.Arrays.copyOfRange(mutant, at, Math.min(mutant.length, at + 160));
    String text = new String(part, StandardCharsets.UTF_8);
    return text.contains("\uFFFD") ? HexFormat.of().formatHex(part) : "«" + text.replace("\n", "⏎") + "»";
  }

  private static JsonNode tree(byte[] file) {
    return JSON.readTree(new String(file, StandardCharsets.UTF_8));
  }

  @Test
  void configurationsOfModels() throws IOException {
    mutate("config.json", language.resolve("config.json"), file -> {
      ModelConfig config = PretrainedModel.load(language, Task.CAUSAL_LM).config();
      return bytes -> {
        JsonNode tree = tree(bytes);
        assertEquals(tree.get("hidden_size").doubleValue(), config.hiddenSize());
        assertEquals(tree.get("num_hidden_layers").doubleValue(), config.layers());
        assertEquals(tree.get("vocab_size").doubleValue(), config.vocabSize());
        assertEquals(tree.path("max_position_embeddings").asDouble(2048), config.maxLength());
        assertEquals(tree.get("model_type").stringValue(), config.modelType());
      };
    });
  }

  @Test
  void settingsOfGeneration() throws IOException {
    Path file = Files.writeString(language.resolve(GenerationSettings.FILE), "{\"do_sample\": true, \"eos_token_id\": [1, 2], "
        + "\"temperature\": 0.7, \"top_k\": 20, \"top_p\": 0.9, \"min_p\": 0.05, \"repetition_penalty\": 1.1, "
        + "\"max_new_tokens\": 30, \"min_new_tokens\": 2}\n");
    mutate(GenerationSettings.FILE, file, _ -> {
      GenerationSettings settings = GenerationSettings.read(language);
      return bytes -> {
        JsonNode tree = tree(bytes);
        int least = tree.path("min_new_tokens").asInt(0);
        assertEquals(tree.path("max_new_tokens").asInt(Math.max(least, 128)), settings.maxNewTokens());
        assertEquals(least, settings.minNewTokens());
        boolean sample = tree.path("do_sample").asBoolean(false);
        assertEquals(sample ? (float) tree.path("temperature").asDouble(1) : 0, settings.sampling().temperature());
        assertEquals(sample ? (float) tree.path("top_p").asDouble(1) : 1, settings.sampling().topP());
        TreeSet<Integer> ends = new TreeSet<>();
        JsonNode own = tree.path("eos_token_id");
        (own.isArray() ? own : JSON.createArrayNode().add(own)).forEach(id -> {
          if (id.isNumber()) {
            ends.add(id.intValue());
          }
        });
        assertEquals(ends.isEmpty() ? new TreeSet<>(List.of(1)) : ends, new TreeSet<>(settings.endTokens()));
      };
    });
  }

  @Test
  void configurationsOfAdapters() throws IOException {
    Path adapter = directory.resolve("adapter");
    Adapter saved = Adapter.attach(model, LoraConfig.of(4, 8), 1);
    AdapterFiles.save(saved, adapter, "tiny");
    saved.detach();
    mutate(AdapterFiles.CONFIG, adapter.resolve(AdapterFiles.CONFIG), _ -> {
      Adapter loaded = AdapterFiles.load(adapter, model);
      loaded.detach();
      LoraConfig config = loaded.config() instanceof LoraConfig lora ? lora : null;
      return bytes -> {
        JsonNode tree = tree(bytes);
        assertEquals(tree.path("peft_type").stringValue(), loaded.config().peftType());
        if (config != null) {
          assertEquals(tree.path("r").doubleValue(), config.r());
          assertEquals(tree.path("lora_alpha").asDouble(8), config.alpha());
          assertEquals((float) tree.path("lora_dropout").asDouble(0), config.dropout());
        }
      };
    });
  }

  @Test
  void tokenizersOfWords() throws IOException {
    tokenizer("tokenizer.json (words)", TinyModel.write(directory.resolve("classifier")).resolve("tokenizer.json"));
  }

  @Test
  void tokenizersOfBytes() throws IOException {
    tokenizer("tokenizer.json (bytes)", language.resolve("tokenizer.json"));
  }

  private static void tokenizer(String kind, Path file) throws IOException {
    mutate(kind, file, _ -> {
      Tokenizer tokenizer = Tokenizer.load(file);
      int[] ids = tokenizer.encode("It is very good: écht 😀\n").ids();
      tokenizer.decode(ids, true);
      return bytes -> {
        JsonNode tree = tree(bytes);
        Map<String, Integer> expected = new HashMap<>();
        tree.path("model").path("vocab").properties().forEach(entry -> expected.put(entry.getKey(), entry.getValue().intValue()));
        expected.remove("");
        expected.forEach((token, id) -> assertEquals(id, tokenizer.tokenId(token), token));
      };
    });
  }

  @Test
  void settingsOfRuns() throws IOException {
    Path file = Files.writeString(directory.resolve("run.yaml"), "model: somewhere\ndata: reviews.csv\noutput_dir: out\n"
        + "learning_rate: 0.001\nnum_train_epochs: 2\nbatch_size: 8\nseed: 7\nlr_scheduler_type: cosine\nweight_decay: 0.01\n"
        + "lora_r: 4\nlora_alpha: 8\ntarget_modules: [query, value]\nval_size: 0.1\ngroup_by_length: true\nmax_length: 64\n");
    List<Flag> flags = TrainFlags.all();
    mutate("run.yaml", file, _ -> {
      TrainConfig config;
      try {
        config = TrainFlags.config(new Arguments("train", flags, List.of("--config", file.toString())));
      // of settings that go beyond their ranges, which the command line also says in a line
      } catch (IllegalArgumentException e) {
        throw new UserError(e.getMessage(), e);
      }
      return bytes -> {
        JsonNode tree = YAMLMapper.builder().build().readTree(new String(bytes, StandardCharsets.UTF_8));
        for (Map.Entry<String, Double> one : Map.of("learning_rate", config.learningRate(), "num_train_epochs", config.epochs(),
            "batch_size", (double) config.batchSize(), "weight_decay", config.weightDecay()).entrySet()) {
          JsonNode value = tree.path(one.getKey());
          if (value.isNumber()) {
            assertEquals(value.doubleValue(), one.getValue(), Math.abs(one.getValue()) * 1e-15, one.getKey());
          }
        }
      };
    });
  }

  @Test
  void rowsOfCsv() throws IOException {
    Path file = Files.writeString(directory.resolve("reviews.csv"), TinyModel.reviews(40)
        + "\"quoted, with a comma\",up\n\"two\nlines\",down\n\"a \"\"word\"\"\",up\n");
    mutate("CSV", file, _ -> {
      Dataset<Example.Labelled> data = Dataset.labelled(file, new DataOptions("csv,comma,header,quotes", "text=1,label=2"));
      return bytes -> {
        List<String[]> expected = new ArrayList<>();
        CsvMapper csv = CsvMapper.builder().enable(CsvReadFeature.WRAP_AS_ARRAY).build();
        try (MappingIterator<String[]> rows = csv.readerFor(String[].class)
            .readValues(new String(bytes, StandardCharsets.UTF_8))) {
          rows.forEachRemaining(expected::add);
        }
        expected.removeFirst();
        expected.removeIf(row -> row.length < 2 || row[0].isBlank());
        assertEquals(expected.stream().map(row -> row[0].replace("\r\n", "\n") + " -> " + row[1].strip()).toList(),
            data.rows().stream().map(row -> row.text().replace("\r\n", "\n") + " -> " + row.label()).toList());
      };
    });
  }

  @Test
  void rowsOfJsonLines() throws IOException {
    StringBuilder lines = new StringBuilder();
    for (int i = 0; i < 40; i++) {
      lines.append(JSON.writeValueAsString(JSON.createObjectNode().put("text", "it is " + i + " \"good\"\n")
          .put("label", i % 2 == 0 ? "up" : "down"))).append('\n');
    }
    Path file = Files.writeString(directory.resolve("reviews.jsonl"), lines);
    mutate("JSON lines", file, _ -> {
      Dataset<Example.Labelled> data = Dataset.labelled(file, new DataOptions("jsonl", "text=text,label=label"));
      return bytes -> {
        List<String> expected = new ArrayList<>();
        for (String line : new String(bytes, StandardCharsets.UTF_8).split("\n")) {
          if (!line.isBlank()) {
            JsonNode row = JSON.readTree(line);
            String text = row.path("text").asString("");
            if (!text.isBlank()) {
              expected.add(text + " -> " + row.path("label").asString("").strip());
            }
          }
        }
        assertEquals(expected, data.rows().stream().map(row -> row.text() + " -> " + row.label()).toList());
      };
    });
  }

  /** What a message says; lists of parts are put in order when they are read. */
  private static String said(JsonNode message) {
    return message.path("content").isArray() ? "parts" : message.path("content").toString();
  }

  @Test
  void rowsOfChats() throws IOException {
    StringBuilder lines = new StringBuilder();
    for (int i = 0; i < 20; i++) {
      ObjectNode row = JSON.createObjectNode();
      row.putArray("messages").addObject().put("role", "user").put("content", "What is " + i + "?");
      row.withArray("messages").addObject().put("role", "assistant").put("content", "A \"number\".");
      if (i % 4 == 0) {
        row.putArray("tools").addObject().put("name", "add").putObject("parameters").put("type", "object");
      }
      lines.append(JSON.writeValueAsString(row)).append('\n');
    }
    Path file = Files.writeString(directory.resolve("chats.jsonl"), lines);
    LanguageTuning tuning = LanguageTuning.lora(language, LoraConfig.of(2, 4), 1);
    mutate("chat rows", file, _ -> {
      Dataset<Example.Language> data = Dataset.language(file, new DataOptions("jsonl", ""));
      tuning.encode(data);
      return bytes -> {
        List<String> expected = new ArrayList<>();
        for (String line : new String(bytes, StandardCharsets.UTF_8).split("\n")) {
          JsonNode messages = line.isBlank() ? null : JSON.readTree(line).path("messages");
          if (messages != null && messages.isArray()) {
            expected.add(messages.get(0).path("role") + ": " + said(messages.get(0)));
          }
        }
        List<String> read = new ArrayList<>();
        for (Example.Language row : data.rows()) {
          Map<String, Object> first = ((Example.Chat) row).messages().getFirst();
          read.add(JSON.valueToTree(first).path("role") + ": " + said(JSON.valueToTree(first)));
        }
        assertTrue(expected.containsAll(read), read + " of " + expected);
      };
    });
  }
}
