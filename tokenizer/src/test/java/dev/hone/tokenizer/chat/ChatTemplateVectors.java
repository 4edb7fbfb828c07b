package dev.hone.tokenizer.chat;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.fail;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.LocalDateTime;
import java.time.ZoneOffset;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;
import org.junit.jupiter.api.DynamicContainer;
import org.junit.jupiter.api.DynamicNode;
import org.junit.jupiter.api.DynamicTest;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** Renderings recorded from Jinja, in folders of a template with its cases; read alike wherever they come from. */
final class ChatTemplateVectors {
  private ChatTemplateVectors() {}

  /** One container of tests per folder below {@code root} that holds a template. */
  static Stream<DynamicNode> containers(Path root) {
    return folders(root).stream().map(folder ->
        DynamicContainer.dynamicContainer(folder.getFileName().toString(), cases(folder)));
  }

  static List<Path> folders(Path root) {
    try (Stream<Path> all = Files.list(root)) {
      List<Path> found = all.filter(folder -> Files.exists(folder.resolve("template.jinja"))).sorted().toList();
      assertFalse(found.isEmpty(), "no template below " + root);
      return found;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static Stream<DynamicTest> cases(Path folder) {
    JsonNode expected = json(folder.resolve("expected.json"));
    ChatTemplate template = ChatTemplate.parse(text(folder.resolve("template.jinja")));
    ChatOptions options = ChatOptions.DEFAULT.withVariables(specialTokens(expected)).withClock(clock(expected));
    return stream(expected.get("cases")).map(row ->
        DynamicTest.dynamicTest(row.get("name").stringValue(), () -> check(template, row, options)));
  }

  static Map<String, ?> specialTokens(JsonNode file) {
    Map<String, Object> tokens = new LinkedHashMap<>();
    file.path("special_tokens").properties().forEach(e -> tokens.put(e.getKey(), e.getValue().stringValue()));
    return tokens;
  }

  private static Clock clock(JsonNode file) {
    LocalDateTime now = LocalDateTime.parse(file.get("now").stringValue());
    return Clock.fixed(now.toInstant(ZoneOffset.UTC), ZoneOffset.UTC);
  }

  private static void check(ChatTemplate template, JsonNode row, ChatOptions base) {
    if (row.has("error")) {
      JsonNode error = row.get("error");
      ChatTemplateException thrown = assertThrows(ChatTemplateException.class, () -> render(template, row, base));
      assertEquals(error.get("message").stringValue(), thrown.reason());
      assertEquals(kind(error.get("kind").stringValue()), thrown.kind());
    } else {
      RenderedChat rendered = render(template, row, base);
      assertEquals(row.get("text").stringValue(), rendered.text());
      if (row.has("generation_spans")) {
        assertEquals(spans(row), rendered.generations());
      }
    }
  }

  static List<TextSpan> spans(JsonNode row) {
    return stream(row.get("generation_spans"))
        .map(span -> new TextSpan(span.get(0).intValue(), span.get(1).intValue())).toList();
  }

  private static ChatTemplateException.Kind kind(String recorded) {
    return switch (recorded) {
      case "raise_exception" -> ChatTemplateException.Kind.RAISED;
      case "undefined" -> ChatTemplateException.Kind.UNDEFINED;
      case "python", "security" -> ChatTemplateException.Kind.VALUE;
      case "empty_conversation", "continue_final_message" -> ChatTemplateException.Kind.CONVERSATION;
      default -> fail("unknown kind of error " + recorded);
    };
  }

  private static RenderedChat render(ChatTemplate template, JsonNode row, ChatOptions base) {
    ChatOptions options = base.withTools(row.get("tools")).withDocuments(row.get("documents"));
    for (Map.Entry<String, JsonNode> kwarg : row.path("kwargs").properties()) {
      options = switch (kwarg.getKey()) {
        case "add_generation_prompt" -> options.withGenerationPrompt(kwarg.getValue().booleanValue());
        case "continue_final_message" -> options.withContinueFinalMessage(kwarg.getValue().booleanValue());
        default -> options.withVariable(kwarg.getKey(), kwarg.getValue());
      };
    }
    return template.render(row.get("messages"), options);
  }

  static Stream<JsonNode> stream(JsonNode array) {
    return StreamSupport.stream(array.spliterator(), false);
  }

  static JsonNode json(Path file) {
    return JsonMapper.shared().readTree(text(file));
  }

  static String text(Path file) {
    try {
      return Files.readString(file);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
