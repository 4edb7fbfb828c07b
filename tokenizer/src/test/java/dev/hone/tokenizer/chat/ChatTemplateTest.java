package dev.hone.tokenizer.chat;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.hone.tokenizer.chat.ChatTemplateException.Kind;
import java.math.BigInteger;
import java.time.Clock;
import java.time.Instant;
import java.time.ZoneId;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

class ChatTemplateTest {
  private static final List<Map<String, Object>> HELLO = List.of(Map.of("role", "user", "content", "Hello"));

  private static String render(String template, ChatOptions options) {
    return ChatTemplate.parse(template).render(HELLO, options).text();
  }

  private static ChatTemplateException failure(String template) {
    return assertThrows(ChatTemplateException.class, () -> render(template, ChatOptions.DEFAULT));
  }

  @Test
  void mapsAndJsonRenderAlike() {
    ChatTemplate template = ChatTemplate.parse("{{ messages }}{{ tools }}{{ x }}");
    Map<String, Object> message = new LinkedHashMap<>();
    message.put("role", "user");
    message.put("content", Arrays.asList(1, 2.5, 3L, 1e21, true, null, "x", List.of(), Map.of("k", 0.1f)));
    JsonNode json = JsonMapper.shared().readTree(
        "[{\"role\":\"user\",\"content\":[1,2.5,3,1e21,true,null,\"x\",[],{\"k\":0.1}]}]");
    String expected = "[{'role': 'user', 'content': [1, 2.5, 3, 1e+21, True, None, 'x', [], {'k': 0.1}]}]None"
        + "12345678901234567890";
    ChatOptions options = ChatOptions.DEFAULT.withVariable("x", new BigInteger("12345678901234567890"));
    assertEquals(expected, template.render(List.of(message), options).text());
    assertEquals(expected, template.render(json, options).text());
  }

  @Test
  void optionsReachTheTemplate() {
    assertEquals("none none False", render("{{ 'none' if tools is none }} {{ 'none' if documents is none }} "
        + "{{ add_generation_prompt }}", ChatOptions.DEFAULT));
    assertEquals("t d True v", render("{{ tools[0].name }} {{ documents[0].title }} {{ add_generation_prompt }} {{ v }}",
        ChatOptions.DEFAULT.withTools(List.of(Map.of("name", "t"))).withDocuments(List.of(Map.of("title", "d")))
            .withGenerationPrompt(true).withVariables(Map.of("v", "v"))));
  }

  @Test
  void theClockAndItsZoneDecideTheDate() {
    Clock clock = Clock.fixed(Instant.parse("2024-12-31T23:30:00Z"), ZoneId.of("Europe/Paris"));
    assertEquals("01 Jan 2025 00:30", render("{{ strftime_now('%d %b %Y %H:%M') }}",
        ChatOptions.DEFAULT.withClock(clock)));
  }

  @Test
  void errorsNameTheLineItsTextAndTheReason() {
    ChatTemplateException undefined = failure("{{ 1 }}\n\n  {{- messages[0].tool.name }}\n");
    assertEquals("chat template, line 3 `{{- messages[0].tool.name }}`: 'dict object' has no attribute 'tool'",
        undefined.getMessage());
    assertEquals(Kind.UNDEFINED, undefined.kind());
    assertEquals(3, undefined.line());
    assertEquals("chat template, line 2 `{% if x %}`: the template ends inside 'if' of line 2; it needs elif or else or"
        + " endif", failure("a\n{% if x %}").getMessage());
    assertEquals("chat template, line 1 `{{ 1 + }}`: expected an expression, found '}}'",
        failure("{{ 1 + }}").getMessage());
    assertEquals("chat template, line 2 `{{ raise_exception('No!') }}`: No!",
        failure("\n{{ raise_exception('No!') }}").getMessage());
    assertEquals("chat template, line 1 `{% include 'x' %}`: the tag 'include' is not available in chat templates",
        failure("{% include 'x' %}").getMessage());
    assertEquals("chat template, line 1 `{{ 'x' | pprint }}`: the filter 'pprint' is not available in chat templates",
        failure("{{ 'x' | pprint }}").getMessage());
    assertEquals(Kind.RAISED, failure("{{ raise_exception('No!') }}").kind());
    assertEquals(Kind.SYNTAX, failure("{{").kind());
    assertEquals(Kind.VALUE, failure("{{ [].append(1) }}").kind());
    assertEquals(Kind.LIMIT, failure("{{ range(10 ** 9) }}").kind());
  }

  @Test
  void anErrorInAMacroNamesTheLineOfItsBody() {
    assertEquals(2, failure("{% macro m(x) %}\n{{ x + 1 }}\n{% endmacro %}\n{{ m('a') }}").line());
  }

  @Test
  void inputThatIsNotJsonIsRefusedByItsPlace() {
    IllegalArgumentException refused = assertThrows(IllegalArgumentException.class, () ->
        render("x", ChatOptions.DEFAULT.withVariable("v", Map.of("a", List.of(1, new Object[0])))));
    assertEquals("chat template input: v.a[1] is a [Ljava.lang.Object;; give a map, list, string, number, boolean, null"
        + " or JsonNode", refused.getMessage());
    assertTrue(assertThrows(IllegalArgumentException.class, () ->
        render("x", ChatOptions.DEFAULT.withVariable("v", Map.of(1, 2)))).getMessage().startsWith(
            "chat template input: v has the key 1"));
    List<Object> cycle = new ArrayList<>();
    cycle.add(cycle);
    assertTrue(assertThrows(IllegalArgumentException.class, () ->
        render("x", ChatOptions.DEFAULT.withVariable("v", cycle))).getMessage().contains("levels deep"));
  }

  @Test
  void messagesThatAreNoArrayAreRefused() {
    JsonNode object = JsonMapper.shared().readTree("{\"role\":\"user\"}");
    ChatTemplate template = ChatTemplate.parse("x");
    assertEquals("messages must be a JSON array, got OBJECT", assertThrows(ChatTemplateException.class,
        () -> template.render(object, ChatOptions.DEFAULT)).getMessage());
  }

  @Test
  void aPromptAndAContinuationExcludeEachOther() {
    ChatOptions prompt = ChatOptions.DEFAULT.withGenerationPrompt(true);
    assertEquals(Kind.CONVERSATION, assertThrows(ChatTemplateException.class,
        () -> prompt.withContinueFinalMessage(true)).kind());
  }

  @Test
  void theLastTextPartOfAFinalMessageIsContinued() {
    ChatTemplate template = ChatTemplate.parse(
        "{% for m in messages %}[{% for p in m.content %}{{ p.text or '<image>' }};{% endfor %}]{% endfor %}");
    List<Map<String, Object>> messages = List.of(Map.of("role", "assistant", "content", List.of(
        Map.of("text", "one"), Map.of("text", "two"), Map.of("type", "image"))));
    assertEquals("[one;two", template.render(messages, ChatOptions.DEFAULT.withContinueFinalMessage(true)).text());
    JsonNode json = JsonMapper.shared().valueToTree(messages);
    assertEquals("[one;two", template.render(json, ChatOptions.DEFAULT.withContinueFinalMessage(true)).text());
    assertEquals(List.of("one", "two"), ((List<?>) messages.getFirst().get("content")).stream().limit(2)
        .map(part -> ((Map<?, ?>) part).get("text")).toList(), "the caller's messages stay as they were");
  }

  @Test
  void anotherFieldOfAFinalMessageIsContinued() {
    ChatTemplate template = ChatTemplate.parse("{% for m in messages %}({{ m.thought }}){{ m.content }}{% endfor %}");
    List<Map<String, String>> messages = List.of(Map.of("role", "assistant", "content", "b", "thought", "a"));
    assertEquals("(a", template.render(messages, ChatOptions.DEFAULT.withContinueFinalMessage("thought")).text());
    assertEquals("continue_final_message is set to \"idea\" but this is not an accepted field in the chat_template!",
        assertThrows(ChatTemplateException.class, () -> template.render(messages,
            ChatOptions.DEFAULT.withContinueFinalMessage("idea"))).getMessage());
  }

  @Test
  void aTemplateThatDropsTheFinalMessageCannotContinueIt() {
    ChatTemplate template = ChatTemplate.parse("{{ messages[0].content }}");
    List<Map<String, String>> messages = List.of(Map.of("role", "user", "content", "a"),
        Map.of("role", "assistant", "content", "lost"));
    assertTrue(assertThrows(ChatTemplateException.class, () -> template.render(messages,
        ChatOptions.DEFAULT.withContinueFinalMessage(true))).getMessage().endsWith("The message: lost"));
  }

  @Test
  void oneTemplateServesManyThreads() {
    ChatTemplate template = ChatTemplate.parse("{% set ns = namespace(n=0) %}{% for i in range(n) %}"
        + "{% set ns.n = ns.n + i %}{% endfor %}{{ ns.n }}");
    AtomicInteger wrong = new AtomicInteger();
    IntStream.range(0, 400).parallel().forEach(n -> {
      String text = template.render(HELLO, ChatOptions.DEFAULT.withVariable("n", n)).text();
      wrong.addAndGet(text.equals(String.valueOf(n * (n - 1) / 2)) ? 0 : 1);
    });
    assertEquals(0, wrong.get());
  }

  @Test
  void encodingRefusesASecondBeginningOfSequence() {
    ChatTemplate template = ChatTemplate.parse("{{ bos_token }}{{ messages[0].content }}");
    ChatOptions options = ChatOptions.DEFAULT.withVariable("bos_token", "<s>");
    ChatEncoder doubling = text -> new TokenizedText(new int[] {1, 1, 7}, new int[] {0, 0, 3}, new int[] {0, 3, 8});
    assertEquals("the encoder put a second <s> (token 1) in front of the text, which the template had begun with one;"
        + " encode rendered text without adding special tokens", assertThrows(ChatTemplateException.class,
            () -> template.encode(HELLO, options, doubling)).getMessage());
    ChatEncoder honest = text -> new TokenizedText(new int[] {1, 7}, new int[] {0, 3}, new int[] {3, 8});
    assertEquals(2, template.encode(HELLO, options, honest).ids().length);
  }
}
