package dev.hone.train.task.prefer;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.hone.tokenizer.Tokenizer;
import dev.hone.tokenizer.chat.ChatTemplates;
import dev.hone.train.data.DataOptions;
import dev.hone.train.data.Dataset;
import dev.hone.train.data.Example;
import dev.hone.train.encode.LanguageEncoder;
import dev.hone.train.fixture.Fixtures;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;

/** Rows of texts and messages become the token ids and masks that TRL makes of them. */
@Tag("fixtures")
class PreferenceTextTest {
  private static final Path SHARED = Path.of(System.getProperty("hone.shared", "../../shared"));
  private static final Path TEXT = Path.of(System.getProperty("hone.fixtures.tasks",
      SHARED.resolve("reference/fixtures").toString())).resolve("preference/text.json");

  private static LanguageEncoder encoder(JsonNode set, JsonNode group) throws IOException {
    Path reference = SHARED.resolve("reference");
    Map<String, String> special = new LinkedHashMap<>();
    set.path("special_tokens").properties().forEach(entry -> special.put(entry.getKey(), entry.getValue().asString()));
    String template = Files.readString(reference.resolve("chat_templates").resolve(set.path("chat_template").asString())
        .resolve("template.jinja"));
    Tokenizer tokenizer = Tokenizer.load(reference.resolve("tokenizers").resolve(set.path("tokenizer").asString()));
    return new LanguageEncoder(tokenizer, new ChatTemplates(Map.of("default", template), special),
        set.path("eos_token_id").asInt(), Integer.MAX_VALUE, group.path("max_length").asInt(100_000), false);
  }

  private static Dataset<Example.Judged> rows(JsonNode group, Path directory) throws IOException {
    StringBuilder lines = new StringBuilder();
    group.path("rows").forEach(row -> lines.append(row).append('\n'));
    Path file = directory.resolve("rows.jsonl");
    Files.writeString(file, lines);
    return Dataset.judged(file, DataOptions.DETECT);
  }

  private static int[] ints(JsonNode list) {
    return IntStream.range(0, list.size()).map(i -> list.get(i).asInt()).toArray();
  }

  private static void same(String what, JsonNode ids, JsonNode mask, int[] tokens, int answer) {
    assertArrayEquals(ints(ids), tokens, what);
    assertArrayEquals(ints(mask), IntStream.range(0, tokens.length).map(i -> i < answer ? 0 : 1).toArray(), what + ": mask");
  }

  @Test
  void tokensAndMasksAreTrls(@TempDir Path directory) throws IOException {
    assumeTrue(Files.exists(TEXT), "no fixtures at " + TEXT);
    int seen = 0;
    for (JsonNode set : Fixtures.json(TEXT).path("sets")) {
      for (JsonNode group : set.path("dpo")) {
        String what = set.path("tokenizer").asString() + " " + group.path("group").asString() + " " + group.path("max_length");
        PreferenceEncoder.Encoded encoded = new PreferenceEncoder(encoder(set, group), PreferenceLoss.SIGMOID, 2)
            .encode(rows(group, directory), 1);
        assertEquals(group.path("prepared").size(), encoded.rows().size(), what);
        assertEquals(group.path("dropped_rows").size(), encoded.dropped(), what + ": dropped");
        int joined = 0;
        for (int i = 0; i < encoded.rows().size(); i++) {
          JsonNode expected = group.path("prepared").get(i);
          PreferenceRow row = encoded.rows().get(i);
          assertEquals(expected.path("row").asInt(), encoded.source()[i], what);
          JsonNode cut = expected.path("after_truncation");
          same(what + " chosen " + i, cut.path("chosen").path("input_ids"), cut.path("chosen").path("completion_mask"),
              row.first(), row.firstAnswer());
          same(what + " rejected " + i, cut.path("rejected").path("input_ids"), cut.path("rejected").path("completion_mask"),
              row.second(), row.secondAnswer());
          for (JsonNode matches : expected.path("prefix_matches")) {
            joined += matches.asBoolean() ? 0 : 1;
          }
          seen++;
        }
        assertEquals(joined, encoded.joined(), what + ": answers that change their prompt's tokens");
      }
      for (JsonNode group : set.path("kto")) {
        String what = set.path("tokenizer").asString() + " " + group.path("group").asString() + " " + group.path("max_length");
        PreferenceEncoder.Encoded encoded = new PreferenceEncoder(encoder(set, group), PreferenceLoss.KTO,
            group.path("batch_size").asInt()).encode(rows(group, directory), 1);
        assertEquals(group.path("prepared").size(), encoded.rows().size(), what);
        for (int i = 0; i < encoded.rows().size(); i++) {
          JsonNode expected = group.path("prepared").get(i);
          PreferenceRow row = encoded.rows().get(i);
          JsonNode cut = expected.path("after_truncation");
          same(what + " " + i, cut.path("input_ids"), cut.path("completion_mask"), row.first(), row.firstAnswer());
          same(what + " other " + i, cut.path("KL_input_ids"), cut.path("KL_completion_mask"), row.second(), row.secondAnswer());
          assertEquals(expected.path("label").asBoolean() ? 1 : -1, row.extra(), what + " liked " + i);
          seen++;
        }
      }
    }
    assertTrue(seen > 40, seen + " rows");
  }
}
