package dev.hone.tokenizer.chat.jinja;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.time.Clock;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Templates that build their text in a namespace, as long conversations make them: what it costs and what comes out. */
@Tag("chat-templates")
class AppendTest {
  private static final String LOOP = "{% set ns = namespace(s='') %}{% for m in messages %}{% set ns.s = APPEND %}{% endfor %}"
      + "{{ ns.s }}";

  private static String render(String template, Map<String, ?> variables) {
    return Template.parse(template).render(variables, Clock.systemUTC()).text();
  }

  private static List<Map<String, String>> messages(int count, int chars) {
    List<Map<String, String>> messages = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      messages.add(Map.of("role", i % 2 == 0 ? "user" : "assistant", "content", "w".repeat(chars - 1) + i % 10));
    }
    return messages;
  }

  /** 1.6 million characters cost a copy or two each; copying the whole at every append would cost 80 million steps. */
  @ParameterizedTest
  @ValueSource(strings = {"ns.s + '<' + m | string + '>' * 4000", "ns.s ~ '<' ~ m ~ '>' * 4000", "ns.s + ('<' ~ m + '>' * 4000)",
      "ns.s ~ '<' + m ~ '>' * 4000"})
  void appendingIsLinear(String append) {
    Limits limits = new Limits(4_000_000, 48 << 20, 8 << 20, 100_000, 500);
    String source = LOOP.replace("APPEND", append).replace("messages", "range(400)");
    String text = Template.parse(source, limits).render(Map.of(), Clock.systemUTC()).text();
    StringBuilder expected = new StringBuilder();
    for (int i = 0; i < 400; i++) {
      expected.append('<').append(i).append(">".repeat(4000));
    }
    assertEquals(expected.toString(), text);
  }

  /** Reads the text in every round, by which it is copied each time; the usual limits are far above that. */
  @ParameterizedTest
  @ValueSource(strings = {"{% set ns.s = ns.s + m.content %}{% if ns.s.endswith('x') %}x{% endif %}",
      "{% set ns.s = (ns.s ~ m.content) | trim %}", "{% set s %}{{ ns.s }}{{ m.content }}{% endset %}{% set ns.s = s %}"})
  void aLongConversationIsNotTakenForABomb(String round) {
    List<Map<String, String>> messages = messages(400, 4000);
    String text = render("{% set ns = namespace(s='') %}{% for m in messages %}" + round + "{% endfor %}{{ ns.s }}",
        Map.of("messages", messages));
    StringBuilder expected = new StringBuilder();
    messages.forEach(m -> expected.append(m.get("content")));
    assertEquals(expected.toString(), text);
  }

  /** What Jinja makes of them. */
  @ParameterizedTest
  @CsvSource(delimiter = '§', quoteCharacter = '`', value = {
      // Others that hold the text keep theirs.
      "{% set ns = namespace(s='a') %}{% set t = ns.s %}{% set ns.s = ns.s + 'b' %}{% set u = ns.s %}"
          + "{% set ns.s = ns.s + 'c' %}{{ t }} {{ u }} {{ ns.s }} § a ab abc",
      // A text from which two grow.
      "{% set a = namespace(s='x') %}{% set a.s = a.s + 'y' %}{% set b = namespace(s=a.s) %}{% set b.s = b.s + '1' %}"
          + "{% set a.s = a.s + '2' %}{{ a.s }} {{ b.s }} § xy2 xy1",
      // A macro appends while the operands are evaluated: the outer sum began with the older text.
      "{% set ns = namespace(s='a') %}{% macro m() %}{% set ns.s = ns.s + 'm' %}!{% endmacro %}"
          + "{% set ns.s = ns.s + 'b' + m() + ns.s %}{{ ns.s }} § ab!am",
      "{% set ns = namespace(s='a') %}{% set ns.s = ns.s ~ 1 ~ none ~ ns.s ~ 2.5 %}{{ ns.s }} § a1Nonea2.5",
      "{% set ns = namespace(s='a') %}{% set ns.s = ns.s + '<' | safe %}{% set ns.s = ns.s + '<' %}{{ ns.s }} § a<&lt;",
      "{% set ns = namespace(n=1) %}{% set ns.n = ns.n + 2 %}{% set ns.n = ns.n + 2 %}{{ ns.n }} § 5",
      "{% set ns = namespace(l=[1]) %}{% set ns.l = ns.l + [2] %}{{ ns.l }} § [1, 2]",
      "{% set ns = namespace(s='a') %}{% set ns.s = ns.s + 'b' %}{% set ns.t = ns.s + 'c' %}{{ ns.s }}{{ ns.t }} § ababc",
      "{% set ns = namespace(s='é') %}{% set ns.s = ns.s ~ '😀' %}{{ ns.s | length }}{{ ns.s[1] }}{{ ns['s'] }} § 2😀é😀",
      "{% set ns = namespace(s='a') %}{% set ns.s = 'b' + ns.s + 'c' %}{{ ns.s }} § bac"})
  void valuesAreThoseOfJinja(String template, String expected) {
    assertEquals(expected, render(template, Map.of()));
  }

  @Test
  void aSumOfTextAndNumberIsStillRefused() {
    JinjaException e = assertThrows(JinjaException.class,
        () -> render("{% set ns = namespace(s='a') %}\n{% set ns.s = ns.s + 'b' + 1 %}", Map.of()));
    assertEquals("line 2: can only concatenate str (not \"int\") to str", e.getMessage());
  }

  @Test
  void theWorkIsSettable() {
    Template template = Template.parse("{% for i in range(1000) %}x{% endfor %}");
    assertEquals(1000, template.withLimits(Limits.DEFAULT.withWork(10_000)).render(Map.of(), Clock.systemUTC()).text().length());
    Template bounded = template.withLimits(Limits.DEFAULT.withWork(100));
    JinjaException e = assertThrows(JinjaException.class, () -> bounded.render(Map.of(), Clock.systemUTC()));
    assertEquals("line 1: too much work: more than 100 steps; does the template loop? If it is only long, "
        + "-Dhone.template.work=STEPS raises the limit", e.getMessage());
    assertThrows(IllegalArgumentException.class, () -> Limits.DEFAULT.withWork(0));
  }

  @Test
  void whatATemplateHoardsIsBounded() {
    String hoard = "{% set ns = namespace(l=[]) %}{% for a in range(100000) %}{% for b in range(100000) %}"
        + "{% set ns.l = [ns.l, {'a': b}] %}{% endfor %}{% endfor %}";
    JinjaException e = assertThrows(JinjaException.class, () -> render(hoard, Map.of()));
    assertTrue(e.getMessage().contains("too much memory: more than 256 MB"), e::getMessage);
  }
}
