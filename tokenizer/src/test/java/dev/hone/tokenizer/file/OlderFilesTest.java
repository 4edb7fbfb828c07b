package dev.hone.tokenizer.file;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.hone.tokenizer.EncodeOptions;
import dev.hone.tokenizer.Encoding;
import dev.hone.tokenizer.Tokenizer;
import dev.hone.tokenizer.definition.TokenizerException;
import dev.hone.tokenizer.text.ByteChars;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.URISyntaxException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.logging.Handler;
import java.util.logging.LogRecord;
import java.util.logging.Logger;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** Tokenizers of other forms, against the libraries these belong to and against the same tokenizer as tokenizer.json. */
@Tag("tokenizers")
class OlderFilesTest {
  private static final JsonMapper JSON = new JsonMapper();
  private static final List<String> TEXTS = List.of("", "The keeper's ledger, 212 steps.", "  two  spaces ",
      "caf\u00e9 \u6771\u4eac \ud83d\ude00",
      "<s>one</s> two<mask> [MASK] three", "HELLO\n\tworld");

  @TempDir
  private Path directory;

  private static Path resource(String name) throws URISyntaxException {
    return Path.of(OlderFilesTest.class.getResource("/" + name).toURI());
  }

  @ParameterizedTest
  @ValueSource(strings = {"sentencepiece_bpe", "sentencepiece_unigram", "tiktoken", "tekken"})
  void idsAndTextAreThoseOfTheLibraryTheFormBelongsTo(String name) throws IOException, URISyntaxException {
    Path files = resource("tokenizer-files/" + name);
    Tokenizer tokenizer = Tokenizer.load(files);
    for (JsonNode row : JSON.readTree(files.resolve("expected.json").toFile())) {
      int[] ids = row.get("ids").valueStream().mapToInt(JsonNode::intValue).toArray();
      Encoding got = tokenizer.encode(row.get("text").stringValue(), EncodeOptions.PLAIN);
      assertArrayEquals(ids, got.ids(), () -> row + " " + got.tokens());
      // An unknown piece decodes to its name here, to a sign in SentencePiece.
      if (name.equals("sentencepiece_unigram")) {
        continue;
      }
      assertEquals(row.get("decoded").stringValue(), tokenizer.decode(ids, false), row::toString);
    }
  }

  /** One file of ranks under the names and settings of the families, by tiktoken with the families' expressions. */
  @Test
  void aTiktokenFileIsCutAsItsFamilyDoes() throws IOException, URISyntaxException {
    for (JsonNode family : JSON.readTree(resource("tokenizer-files/tiktoken_families/expected.json").toFile())) {
      Path files = Files.createDirectory(directory.resolve(family.get("name").stringValue()));
      Files.copy(resource("tokenizer-files/tiktoken/small.tiktoken"), files.resolve(family.get("file").stringValue()));
      for (String settings : List.of("config", "tokenizer_config")) {
        if (family.has(settings)) {
          Files.writeString(files.resolve(settings + ".json"), family.get(settings).toString());
        }
      }
      Tokenizer tokenizer = Tokenizer.load(files);
      for (JsonNode row : family.get("rows")) {
        int[] ids = row.get("ids").valueStream().mapToInt(JsonNode::intValue).toArray();
        Encoding got = tokenizer.encode(row.get("text").stringValue(), EncodeOptions.PLAIN);
        assertArrayEquals(ids, got.ids(), () -> family.get("name") + " " + row + " " + got.tokens());
      }
    }
  }

  @Test
  void aTekkenFileNumbersSpecialTokensFirstAndBeginsWithOne() throws IOException, URISyntaxException {
    Tokenizer tokenizer = Tokenizer.load(resource("tokenizer-files/tekken"));
    assertArrayEquals(new int[] {1, 3, 32 + 64, 4}, tokenizer.encode("[INST]a[/INST]").ids());
    assertEquals("<SPECIAL_31>", tokenizer.token(31));
    String file = Files.readString(resource("tokenizer-files/tekken/tekken.json"));
    write("tekken.json", file.replace("\"v3\"", "\"v11\""));
    assertMessage(directory.resolve("tekken.json") + ": version v11 must list its special_tokens");
    write("tekken.json", file.replace("\"v3\"", "\"v11\"").replaceFirst("\\{", "{\"special_tokens\": ["
        + "{\"rank\": 0, \"token_str\": \"<unk>\"}, {\"rank\": 1, \"token_str\": \"<s>\"}, {\"rank\": 2, \"token_str\": "
        + "\"[THINK]\"}],"));
    assertArrayEquals(new int[] {1, 2, 32 + 64}, Tokenizer.load(directory).encode("[THINK]a").ids());
    write("tekken.json", file.replace("\"default_vocab_size\": 522", "\"default_vocab_size\": 523522"));
    assertMessage(directory.resolve("tekken.json")
        + ": a vocabulary of 523522 tokens with 32 special ones does not fit 500 ranks");
    write("tekken.json", file.replace("\"rank\": 7,", "\"rank\": 8,"));
    assertMessage(directory.resolve("tekken.json") + ": vocab[7]: field \"rank\" must be 7, found 8");
  }

  @Test
  void sourceSpmIsASentencePieceModelUnlessItsIdsAreElsewhere() throws IOException, URISyntaxException {
    Files.copy(resource("tokenizer-files/sentencepiece_bpe/tokenizer.model"), directory.resolve("source.spm"));
    assertSame(Tokenizer.load(resource("tokenizer-files/sentencepiece_bpe")), Tokenizer.load(directory));
    write("vocab.json", "{}");
    assertMessage(directory.resolve("source.spm")
        + ": Marian's translation models take the ids from vocab.json beside it, which has "
        + "tokens of two models; such a tokenizer is not supported, save it as tokenizer.json");
  }

  @Test
  void aPairOfFilesAloneIsToldToBeReadAsGpt2() throws IOException, URISyntaxException {
    writePair("qwen");
    List<String> told = new ArrayList<>();
    Logger logger = Logger.getLogger("dev.hone.tokenizer");
    Handler handler = new Handler() {
      @Override
      public void publish(LogRecord line) {
        told.add(line.getMessage());
      }

      @Override
      public void flush() {}

      @Override
      public void close() {}
    };
    logger.addHandler(handler);
    try {
      Tokenizer.load(directory);
      write("config.json", "{\"model_type\": \"qwen2\"}");
      Tokenizer.load(directory);
    } finally {
      logger.removeHandler(handler);
    }
    assertEquals(List.of(directory
        + ": vocab.json and merges.txt do not say how text is cut; it is cut as GPT-2 does. If they are "
        + "another model's, put its tokenizer_config.json or config.json beside them"), told);
  }

  private static JsonNode model(String name) throws URISyntaxException {
    return JSON.readTree(own(name).resolve("tokenizer.json").toFile()).get("model");
  }

  private static Path own(String name) throws URISyntaxException {
    return resource("tokenizers/" + name);
  }

  private void write(String name, String text) throws IOException {
    Files.writeString(directory.resolve(name), text);
  }

  private void assertSame(Tokenizer want, Tokenizer got) {
    for (String text : TEXTS) {
      Encoding a = want.encode(text);
      Encoding b = got.encode(text);
      assertArrayEquals(a.ids(), b.ids(), () -> text + ": " + a.tokens() + " " + b.tokens());
      assertArrayEquals(a.starts(), b.starts(), text);
      assertArrayEquals(want.encode(text, "b", EncodeOptions.DEFAULT).ids(),
          got.encode(text, "b", EncodeOptions.DEFAULT).ids(), text);
      assertEquals(want.decode(a.ids(), true), got.decode(b.ids(), true));
    }
  }

  private void writePair(String name) throws IOException, URISyntaxException {
    JsonNode model = model(name);
    write("vocab.json", model.get("vocab").toString());
    write("merges.txt", "#version: 0.2\n" + model.get("merges").valueStream()
        .map(m -> m.get(0).stringValue() + " " + m.get(1).stringValue()).collect(Collectors.joining("\n")) + "\n");
  }

  @Test
  void robertasPairOfFilesIsTheSameAsItsJson() throws IOException, URISyntaxException {
    writePair("roberta");
    write("tokenizer_config.json", "{\"tokenizer_class\": \"RobertaTokenizer\", \"add_prefix_space\": false,"
        + " \"mask_token\": {\"content\": \"<mask>\", \"lstrip\": true, \"normalized\": true}}");
    assertSame(Tokenizer.load(own("roberta")), Tokenizer.load(directory));
  }

  @Test
  void qwensPairOfFilesIsTheSameAsItsJson() throws IOException, URISyntaxException {
    writePair("qwen");
    write("config.json", "{\"model_type\": \"qwen2\"}");
    int first = model("qwen").get("vocab").size();
    write("tokenizer_config.json", "{\"added_tokens_decoder\": {\"" + first + "\": {\"content\": \"<s>\", \"special\": true}, \""
        + (first + 1) + "\": {\"content\": \"<mask>\", \"normalized\": true, \"special\": false}}, \"eos_token\": \"<s>\"}");
    assertSame(Tokenizer.load(own("qwen")), Tokenizer.load(directory));
  }

  @Test
  void bertsListIsTheSameAsItsJson() throws IOException, URISyntaxException {
    JsonNode vocabulary = model("bert").get("vocab");
    String[] tokens = new String[vocabulary.size()];
    vocabulary.properties().forEach(e -> tokens[e.getValue().intValue()] = e.getKey());
    write("vocab.txt", Arrays.stream(tokens).map(token -> token + "\n").collect(Collectors.joining()));
    assertSame(Tokenizer.load(own("bert")), Tokenizer.load(directory));
    assertSame(Tokenizer.load(own("bert")), Tokenizer.load(directory.resolve("vocab.txt")));
  }

  @Test
  void whatIsSavedIsATokenizerJsonOfTheSameTokenizer() throws IOException, URISyntaxException {
    Tokenizer read = Tokenizer.load(resource("tokenizer-files/sentencepiece_bpe"));
    read.save(directory);
    assertSame(read, Tokenizer.load(directory.resolve("tokenizer.json")));
  }

  @Test
  void theFamilySaysWhichTokensGoAroundASentencePieceText() throws IOException, URISyntaxException {
    Files.copy(resource("tokenizer-files/sentencepiece_bpe/tokenizer.model"), directory.resolve("tokenizer.model"),
        StandardCopyOption.REPLACE_EXISTING);
    write("config.json", "{\"model_type\": \"llama\"}");
    assertEquals(List.of("<s>", "\u2581the"), Tokenizer.load(directory).encode("the").tokens());
    write("tokenizer_config.json", "{\"tokenizer_class\": \"LlamaTokenizer\", \"add_bos_token\": false, \"add_eos_token\": "
        + "true}");
    assertEquals(List.of("\u2581the", "</s>"), Tokenizer.load(directory).encode("the").tokens());
    write("tokenizer_config.json", "{\"tokenizer_class\": \"T5Tokenizer\"}");
    assertEquals(List.of("\u2581the", "</s>"), Tokenizer.load(directory).encode("the").tokens());
    write("tokenizer_config.json", "{\"tokenizer_class\": \"AlbertTokenizer\"}");
    assertMessage(directory.resolve("tokenizer.model") + ": tokenizers of the family \"albert\" follow rules that a "
        + "SentencePiece model does not state; save the tokenizer as tokenizer.json");
  }

  private void assertMessage(String message) {
    assertEquals(message, assertThrows(TokenizerException.class, () -> Tokenizer.load(directory)).getMessage());
  }

  @Test
  void whatCannotBeReadIsRefusedWithTheReason() throws IOException {
    assertMessage(directory + ": no tokenizer; looked for tokenizer.json, tekken.json, vocab.json with merges.txt, "
        + "tokenizer.model, "
        + "spiece.model, sentencepiece.bpe.model, sentencepiece.model, spm.model, source.spm, vocab.txt, "
        + "tiktoken.model, *.tiktoken");
    write("vocab.txt", "[UNK]\n[CLS]\n");
    assertMessage(directory.resolve("vocab.txt") + ": the special token \"[SEP]\" is not in the vocabulary");
    write("merges.txt", "a b\n");
    write("vocab.json", "{\"a\": 0, \"b\": 0}");
    assertMessage(directory.resolve("vocab.json") + ": id 0 belongs to both \"a\" and \"b\"");
    write("vocab.json", "{\"a\": 2147483647}");
    assertMessage(directory.resolve("vocab.json") + ": token \"a\" has id 2147483647, allowed are 0 to 16777215");
    write("vocab.json", "{\"a\": 0}");
    assertMessage(directory.resolve("vocab.json") + ": not a byte-level vocabulary (it has no token for byte 0), and how "
        + "such text is cut the files do not say; save the tokenizer as tokenizer.json");
    write("vocab.json", vocabulary());
    write("merges.txt", "a b c\n");
    assertMessage(directory.resolve("merges.txt") + ":1: \"a b c\" is not two tokens with a space between");
    write("merges.txt", "#version\na b\n");
    assertMessage(directory + ": BPE: merge 0 (\"a\" + \"b\") needs the token \"ab\", which is not in the vocabulary");
  }

  private static String vocabulary() {
    return IntStream.range(0, 256).mapToObj(b -> JSON.writeValueAsString(String.valueOf(ByteChars.of(b)))
        + ":" + b).collect(Collectors.joining(",", "{", "}"));
  }

  @Test
  void damagedTiktokenFilesAreRefused() throws IOException {
    Path file = directory.resolve("x.tiktoken");
    for (String line : List.of("YQ==", "YQ== x", "Y!== 0", "YQ== 99999999999")) {
      Files.writeString(file, line);
      assertMessage(file + ":1: not a token in base64, a space and a rank");
    }
    Files.writeString(file, "YQ== 0\n");
    String unknown = ": a tiktoken file does not say how text is cut, and neither its name nor ";
    assertMessage(file + unknown + "the files beside it name a family whose rules are known; save the tokenizer as "
        + "tokenizer.json");
    write("config.json", "{\"model_type\": \"hunyuan_v1\"}");
    assertMessage(file + unknown + "the family \"hunyuanv1\" is one whose rules are known; save the tokenizer as tokenizer.json");
    write("config.json", "{\"model_type\": \"llama\"}");
    assertMessage(file + ": there is no token for byte 0");
  }

  /** A field of a protocol buffer that holds bytes. */
  private static byte[] field(int number, long claimed, byte[] content) {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    out.write(number << 3 | 2);
    for (long n = claimed; ; n >>>= 7) {
      out.write((int) (n & 0x7F | (n > 0x7F ? 0x80 : 0)));
      if (n <= 0x7F) {
        break;
      }
    }
    out.writeBytes(content);
    return out.toByteArray();
  }

  @Test
  void damagedSentencePieceModelsAreRefused() throws IOException {
    Path file = directory.resolve("tokenizer.model");
    String start = file + ": not a readable SentencePiece model: ";
    Files.write(file, field(1, 1L << 30, new byte[] {1}));
    assertMessage(start + "the field at byte 0 claims 1073741824 bytes, 1 are left");
    Files.write(file, new byte[0]);
    assertMessage(start + "it holds no pieces");
    Files.write(file, new byte[] {(byte) 0xFF, (byte) 0xFF});
    assertMessage(start + "it ends inside a number");
    Files.write(file, field(1, 0, new byte[0]));
    assertMessage(start + "piece 0 has no text");
    Files.write(file, field(1, 4, field(1, 2, new byte[] {(byte) 0xC3, 0x28})));
    assertMessage(start + "a text is not UTF-8");
    byte[] long1 = "a".repeat(2000).getBytes(StandardCharsets.US_ASCII);
    byte[] piece = field(1, long1.length, long1);
    ByteArrayOutputStream bpe = new ByteArrayOutputStream();
    bpe.writeBytes(field(1, piece.length, piece));
    bpe.writeBytes(field(2, 2, new byte[] {3 << 3, 2}));
    Files.write(file, bpe.toByteArray());
    assertMessage(file + ": token 0 has 2000 characters, allowed are 1024");
  }
}
