package dev.hone.tokenizer;

import static org.junit.jupiter.api.Assertions.assertAll;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.hone.tokenizer.definition.Padding;
import dev.hone.tokenizer.definition.TokenizerException;
import dev.hone.tokenizer.definition.Truncation;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.function.Executable;
import tools.jackson.databind.JsonNode;

/** Compares one tokenizer with every stored answer of the reference. */
final class ReferenceCheck {
  private final Tokenizer tokenizer;
  private final ReferenceCases cases;

  ReferenceCheck(Tokenizer tokenizer, ReferenceCases cases) {
    this.tokenizer = tokenizer;
    this.cases = cases;
  }

  /** One test for each directory below the root that holds a tokenizer and answers for it. */
  static Stream<DynamicTest> ofEvery(Path root) throws IOException {
    return ReferenceCases.directories(root).stream().map(directory -> DynamicTest.dynamicTest(
        directory.getFileName().toString(), () -> {
          ReferenceCases cases = ReferenceCases.read(directory);
          new ReferenceCheck(cases.tokenizer(), cases).all();
        }));
  }

  void all() {
    assertEquals(cases.expected().get("vocab_size").intValue(), tokenizer.modelVocabSize(), "vocab_size");
    assertEquals(cases.expected().get("vocab_size_with_added").intValue(), tokenizer.vocabSize(), "vocab_size_with_added");
    List<Executable> checks = new ArrayList<>();
    add(checks, "cases", this::text);
    add(checks, "pairs", this::pair);
    add(checks, "pretokenized", this::words);
    add(checks, "decode", this::decode);
    add(checks, "stream", this::stream);
    add(checks, "truncation", this::truncation);
    add(checks, "padding", this::padding);
    assertAll(cases.directory().getFileName().toString(), checks);
  }

  private interface Check {
    void run(JsonNode row, String label) throws Throwable;
  }

  private void add(List<Executable> checks, String list, Check check) {
    int[] number = {0};
    cases.rows(list).forEach(row -> {
      String label = list + "[" + number[0]++ + "] " + (row.has("name") ? row.get("name").stringValue() : "");
      checks.add(() -> check.run(row, label));
    });
  }

  private void text(JsonNode row, String label) {
    String text = row.get("text").stringValue();
    Encoding plain = tokenizer.encode(text, EncodeOptions.PLAIN);
    Encoding special = tokenizer.encode(text);
    same(row.get("plain"), plain, label + " plain");
    same(row.get("special"), special, label + " special");
    assertEquals(row.get("decode_plain").stringValue(), tokenizer.decode(plain.ids(), false), label + " decode_plain");
    assertEquals(row.get("decode_special").stringValue(), tokenizer.decode(special.ids(), false), label + " decode_special");
    assertEquals(row.get("decode_special_skip").stringValue(), tokenizer.decode(special.ids(), true),
        label + " decode_special_skip");
  }

  private static void same(JsonNode want, Encoding got, String label) {
    assertArrayEquals(ReferenceCases.ints(want.get("ids")), got.ids(), () -> label + " ids " + got.tokens());
    assertEquals(ReferenceCases.strings(want.get("tokens")), got.tokens(), label + " tokens");
    assertEquals(ReferenceCases.offsets(want.get("offsets")), ReferenceCases.offsets(got), label + " offsets");
    if (want.has("type_ids")) {
      assertArrayEquals(ReferenceCases.ints(want.get("type_ids")), got.typeIds(), label + " type_ids");
    }
    if (want.has("special_tokens_mask")) {
      assertArrayEquals(ReferenceCases.ints(want.get("special_tokens_mask")), got.specialTokensMask(), label + " mask");
    }
    if (want.has("sequence_ids")) {
      assertArrayEquals(ReferenceCases.ints(want.get("sequence_ids")), got.sequenceIds(), label + " sequence_ids");
    }
    if (want.has("word_ids")) {
      assertArrayEquals(ReferenceCases.ints(want.get("word_ids")), got.wordIds(), label + " word_ids");
    }
  }

  private void pair(JsonNode row, String label) {
    String a = row.get("a").stringValue();
    String b = row.get("b").stringValue();
    same(row.get("special"), tokenizer.encode(a, b, EncodeOptions.DEFAULT), label);
    Encoding plain = tokenizer.encode(a, b, EncodeOptions.PLAIN);
    assertArrayEquals(ReferenceCases.ints(row.get("plain_ids")), plain.ids(), label + " plain_ids");
    assertArrayEquals(ReferenceCases.ints(row.get("plain_type_ids")), plain.typeIds(), label + " plain_type_ids");
  }

  private void words(JsonNode row, String label) {
    same(row, tokenizer.encodeWords(ReferenceCases.strings(row.get("words")), EncodeOptions.DEFAULT), label);
  }

  private void decode(JsonNode row, String label) {
    int[] ids = ReferenceCases.ints(row.get("ids"));
    assertEquals(row.get("text").stringValue(), tokenizer.decode(ids, false), label + " text");
    assertEquals(row.get("text_skip").stringValue(), tokenizer.decode(ids, true), label + " text_skip");
  }

  private void stream(JsonNode row, String label) {
    DecodeStream stream = tokenizer.decodeStream(row.get("skip_special_tokens").booleanValue());
    List<String> chunks = Arrays.stream(ReferenceCases.ints(row.get("ids")))
        .mapToObj(id -> stream.step(id).orElse(null)).toList();
    assertEquals(ReferenceCases.strings(row.get("chunks")), chunks, label);
  }

  private void truncation(JsonNode row, String label) {
    Truncation rule = new Truncation(row.get("max_length").intValue(), row.get("stride").intValue(),
        Truncation.Strategy.valueOf(row.get("strategy").stringValue().toUpperCase(Locale.ROOT)),
        Truncation.Side.valueOf(row.get("direction").stringValue().toUpperCase(Locale.ROOT)), false);
    EncodeOptions options = EncodeOptions.DEFAULT.withTruncation(rule);
    String text = row.get("text").stringValue();
    if (row.has("error")) {
      assertThrows(TokenizerException.class, () -> cut(text, row.get("pair"), options), label + " " + rule);
      return;
    }
    Encoding got = cut(text, row.get("pair"), options);
    String what = label + " " + rule;
    assertArrayEquals(ReferenceCases.ints(row.get("ids")), got.ids(), what + " ids");
    assertArrayEquals(ReferenceCases.ints(row.get("type_ids")), got.typeIds(), what + " type_ids");
    assertEquals(ReferenceCases.offsets(row.get("offsets")), ReferenceCases.offsets(got), what + " offsets");
    List<Encoding> over = got.overflowing();
    assertEquals(row.get("overflowing_count").intValue(), over.size(), what + " overflowing_count");
    for (int i = 0; i < row.get("overflowing_ids").size(); i++) {
      assertArrayEquals(ReferenceCases.ints(row.get("overflowing_ids").get(i)), over.get(i).ids(), what + " overflow " + i);
      assertEquals(ReferenceCases.offsets(row.get("overflowing_offsets").get(i)), ReferenceCases.offsets(over.get(i)),
          what + " overflow offsets " + i);
    }
  }

  private Encoding cut(String text, JsonNode pair, EncodeOptions options) {
    return pair.isNull() ? tokenizer.encode(text, options) : tokenizer.encode(text, pair.stringValue(), options);
  }

  private void padding(JsonNode row, String label) {
    JsonNode length = row.get("length");
    JsonNode multiple = row.get("pad_to_multiple_of");
    int id = row.get("pad_id").intValue();
    Padding padding = new Padding(length.isNull() ? 0 : length.intValue(), multiple.isNull() ? 0 : multiple.intValue(),
        Truncation.Side.valueOf(row.get("direction").stringValue().toUpperCase(Locale.ROOT)), id, 0, tokenizer.token(id));
    List<Encoding> got = Encoding.padAll(
        tokenizer.encodeAll(ReferenceCases.strings(row.get("batch")), EncodeOptions.DEFAULT), padding);
    for (int i = 0; i < got.size(); i++) {
      assertArrayEquals(ReferenceCases.ints(row.get("ids").get(i)), got.get(i).ids(), label + " ids");
      assertArrayEquals(ReferenceCases.ints(row.get("attention_mask").get(i)), got.get(i).attentionMask(), label);
      assertArrayEquals(ReferenceCases.ints(row.get("special_tokens_mask").get(i)), got.get(i).specialTokensMask(), label);
      assertArrayEquals(ReferenceCases.ints(row.get("type_ids").get(i)), got.get(i).typeIds(), label);
    }
  }
}
