package dev.hone.nn.generate;

import dev.hone.core.io.AtomicFile;
import dev.hone.nn.family.ConfigReader;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import tools.jackson.databind.SerializationFeature;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ObjectNode;

/**
 * How to generate.
 *
 * @param maxNewTokens the most tokens to add to a prompt, at least 1
 * @param minNewTokens so many tokens come before an end token may; 0 for no bound
 * @param sampling how the next token is chosen
 * @param endTokens ids that end a sequence; may be empty
 * @param stopStrings texts that end a sequence; may be empty
 */
public record GenerationSettings(int maxNewTokens, int minNewTokens, Sampling sampling, Set<Integer> endTokens,
    List<String> stopStrings) {
  /** The file in a model directory that says how to generate. */
  public static final String FILE = "generation_config.json";

  private static final int USUAL_NEW_TOKENS = 128;
  private static final JsonMapper JSON = JsonMapper.builder().enable(SerializationFeature.INDENT_OUTPUT).build();

  /** The most likely token every time, until the length is reached. */
  public static final GenerationSettings GREEDY =
      new GenerationSettings(USUAL_NEW_TOKENS, 0, Sampling.GREEDY, Set.of(), List.of());

  public GenerationSettings {
    endTokens = Set.copyOf(endTokens);
    stopStrings = List.copyOf(stopStrings);
    if (endTokens.stream().anyMatch(id -> id < 0)) {
      throw new IllegalArgumentException("generation: end tokens " + endTokens + "; token ids are counted from 0");
    }
    if (maxNewTokens < 1 || minNewTokens < 0 || minNewTokens > maxNewTokens) {
      throw new IllegalArgumentException("generation: from " + minNewTokens + " to " + maxNewTokens
          + " new tokens; the first must not be negative nor above the second, which must be at least 1");
    }
    if (stopStrings.contains("")) {
      throw new IllegalArgumentException("generation: an empty stop string would end every text at once");
    }
  }

  /**
   * What a model directory says: {@code generation_config.json}, and the end tokens of {@code config.json} where that
   * names none.
   */
  public static GenerationSettings read(Path directory) {
    Path own = directory.resolve(FILE);
    Path model = directory.resolve("config.json");
    Set<Integer> end = new TreeSet<>();
    GenerationSettings settings = GREEDY;
    if (Files.isRegularFile(own)) {
      ConfigReader json = ConfigReader.read(own);
      end.addAll(ids(json));
      int least = json.integer("min_new_tokens", 0, 0, Integer.MAX_VALUE);
      int most = json.integer("max_new_tokens", Math.max(least, USUAL_NEW_TOKENS), 1, Integer.MAX_VALUE);
      if (least > most) {
        throw json.fault("'min_new_tokens' " + least + " must not be above 'max_new_tokens' " + most);
      }
      settings = new GenerationSettings(most, least, Sampling.read(json), Set.of(), List.of());
    }
    if (end.isEmpty() && Files.isRegularFile(model)) {
      end.addAll(ids(ConfigReader.read(model)));
    }
    return settings.withEndTokens(end);
  }

  /** Writes {@code generation_config.json}, without what is as usual there; {@link #read} gives the same settings again. */
  public void write(Path directory) throws IOException {
    ObjectNode tree = JSON.createObjectNode();
    if (endTokens.size() == 1) {
      tree.put("eos_token_id", endTokens.iterator().next());
    } else if (!endTokens.isEmpty()) {
      new TreeSet<>(endTokens).forEach(tree.putArray("eos_token_id")::add);
    }
    if (maxNewTokens != USUAL_NEW_TOKENS) {
      tree.put("max_new_tokens", maxNewTokens);
    }
    if (minNewTokens > 0) {
      tree.put("min_new_tokens", minNewTokens);
    }
    sampling.write(tree);
    AtomicFile.writeString(directory.resolve(FILE), JSON.writeValueAsString(tree) + "\n");
  }

  /** {@code eos_token_id}: one number or a list. */
  private static List<Integer> ids(ConfigReader json) {
    return json.integers("eos_token_id", 0, Integer.MAX_VALUE);
  }

  /** With another bound on the length. */
  public GenerationSettings withMaxNewTokens(int count) {
    return new GenerationSettings(count, Math.min(minNewTokens, count), sampling, endTokens, stopStrings);
  }

  /** With another way of choosing tokens. */
  public GenerationSettings withSampling(Sampling other) {
    return new GenerationSettings(maxNewTokens, minNewTokens, other, endTokens, stopStrings);
  }

  /** With other end tokens. */
  public GenerationSettings withEndTokens(Set<Integer> ids) {
    return new GenerationSettings(maxNewTokens, minNewTokens, sampling, ids, stopStrings);
  }

  /** With other stop strings. */
  public GenerationSettings withStopStrings(List<String> texts) {
    return new GenerationSettings(maxNewTokens, minNewTokens, sampling, endTokens, texts);
  }
}
