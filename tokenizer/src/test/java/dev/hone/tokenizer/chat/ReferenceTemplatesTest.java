package dev.hone.tokenizer.chat;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.hone.tokenizer.Tokenizer;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.DynamicNode;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.TestFactory;
import tools.jackson.databind.JsonNode;

/**
 * Templates of published models against what transformers renders, and their masks. The files belong to the models'
 * authors and are not part of this repository; {@code -Dhone.chatTemplates=DIRECTORY} names another place for them.
 */
@Tag("chat-templates")
class ReferenceTemplatesTest {
  private static final Path TEMPLATES = directory("hone.chatTemplates", "chat_templates");
  private static final Path TOKENIZERS = directory("hone.tokenizers", "tokenizers");

  private static Path directory(String property, String name) {
    String given = System.getProperty(property);
    return given == null ? Path.of("..", "..", "shared", "reference", name) : Path.of(given);
  }

  @TestFactory
  Stream<DynamicNode> everyCaseRendersAsTransformersDoes() {
    return absent(TEMPLATES).orElseGet(() -> ChatTemplateVectors.containers(TEMPLATES));
  }

  @TestFactory
  Stream<DynamicNode> everyMaskIsThatOfTransformers() {
    return absent(TEMPLATES).or(() -> absent(TOKENIZERS)).orElseGet(() ->
        ChatTemplateVectors.folders(TEMPLATES).stream()
            .filter(folder -> Files.exists(folder.resolve("masks.json")))
            .flatMap(ReferenceTemplatesTest::masks));
  }

  /** A skipped test that says what is missing, if it is. */
  private static Optional<Stream<DynamicNode>> absent(Path directory) {
    return Files.isDirectory(directory) ? Optional.empty() : Optional.of(Stream.of(DynamicTest.dynamicTest(
        "skipped: there is no " + directory,
        () -> Assumptions.abort("the reference files are not part of this repository: no " + directory))));
  }

  private static Stream<DynamicNode> masks(Path folder) {
    try {
      return masks(folder, folder.getFileName().toString());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static Stream<DynamicNode> masks(Path folder, String name) throws IOException {
    JsonNode file = ChatTemplateVectors.json(folder.resolve("masks.json"));
    ChatTemplate template = ChatTemplate.parse(ChatTemplateVectors.text(folder.resolve("template.jinja")));
    String tokenizer = file.get("tokenizer").stringValue().replaceFirst("^tokenizers/", "");
    ChatEncoder encoder = ChatEncoder.of(Tokenizer.load(TOKENIZERS.resolve(tokenizer)));
    ChatOptions options = ChatOptions.DEFAULT.withVariables(ChatTemplateVectors.specialTokens(file));
    return ChatTemplateVectors.stream(file.get("cases")).map(row -> DynamicTest.dynamicTest(
        name + " " + row.get("name").stringValue(), () -> checkMask(template, row, options, encoder)));
  }

  private static void checkMask(ChatTemplate template, JsonNode row, ChatOptions base, ChatEncoder encoder) {
    ChatOptions options = base.withTools(row.get("tools"))
        .withGenerationPrompt(row.get("add_generation_prompt").booleanValue());
    RenderedChat rendered = template.render(row.get("messages"), options);
    assertEquals(row.get("text").stringValue(), rendered.text());
    assertEquals(ChatTemplateVectors.spans(row), rendered.generations());

    int[] ids = ChatTemplateVectors.stream(row.get("input_ids")).mapToInt(JsonNode::intValue).toArray();
    MaskedChat masked = template.encodeMasked(row.get("messages"), options, encoder);
    assertArrayEquals(ids, masked.ids());
    int[] expected = ChatTemplateVectors.stream(row.get("assistant_masks")).mapToInt(JsonNode::intValue).toArray();
    int[] actual = new int[ids.length];
    for (int i = 0; i < ids.length; i++) {
      actual[i] = masked.assistant()[i] ? 1 : 0;
    }
    assertArrayEquals(expected, actual);
  }
}
