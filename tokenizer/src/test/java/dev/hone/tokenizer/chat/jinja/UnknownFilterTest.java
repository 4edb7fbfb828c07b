package dev.hone.tokenizer.chat.jinja;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.time.Clock;
import java.util.Map;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Unknown filters and tests are errors of the template, as in Jinja, except where an {@code if} may leave them out. */
@Tag("chat-templates")
class UnknownFilterTest {
  @ParameterizedTest
  @ValueSource(strings = {"{{ x|bad }}", "{% if 0 %}{% for a in b %}{{ x|bad }}{% endfor %}{% endif %}",
      "{% if 0 %}{% for a in x if a|bad %}{% endfor %}{% endif %}", "{% if 0 %}{% set y %}{{x|bad}}{% endset %}{% endif %}",
      "{% if 0 %}{% filter bad %}{% endfilter %}{% endif %}", "{% if 0 %}{% filter upper %}{{ x|bad }}{% endfilter %}{% endif %}",
      "{% if 0 %}{% with a=x %}{{ x|bad }}{% endwith %}{% endif %}", "{% if 0 %}{% macro m(a=x|bad) %}{% endmacro %}{% endif %}",
      "{% if 0 %}{% macro m() %}{{ x|bad }}{% endmacro %}{% endif %}", "{% if 0 %}{% set y|bad %}{% endset %}{% endif %}",
      "{% if 0 %}{% call m() %}{{ x|bad }}{% endcall %}{% endif %}", "{{ x is bad }}",
      "{% for x in [1] %}{% else %}{{ x|bad}}{% endfor %}", "{% if 0 %}{% for a in [] %}{% else %}{{ x|bad }}{% endfor %}{% "
      + "endif %}"})
  void isAnErrorOfTheTemplate(String template) {
    JinjaException e = assertThrows(JinjaException.class, () -> Template.parse(template));
    assertEquals(JinjaException.Kind.SYNTAX, e.kind());
    assertTrue(e.getMessage().matches("line 1: no (filter|test) named 'bad'"), e::getMessage);
  }

  @ParameterizedTest
  @ValueSource(strings = {"{% if 0 %}{{ x|bad }}{% endif %}", "{{ 1 if 1 else x|bad }}", "{{ x|bad if 0 else 1 }}",
      "{{ 1 if 1 or x|bad else 2}}", "{% if 0 %}{% for a in x|bad %}{% endfor %}{% endif %}", "{% if 1 %}{% elif x|bad %}{% "
          + "endif %}",
      "{% for a in [] %}{% if 0 %}{{x|bad}}{% endif %}{% endfor %}", "{% if 0 %}{% set y = x|bad %}{% endif %}",
      "{% if 0 %}{% with a=x|bad %}{% endwith %}{% endif %}", "{% if 0 %}{% call m(x|bad) %}{% endcall %}{% endif %}",
      "{% if 0 %}{{ x is bad }}{% endif %}", "{% if 1 %}{% else %}{{ x|bad }}{% endif %}"})
  void insideAnIfFailsOnlyWhenReached(String template) {
    assertTrue(Template.parse(template).render(Map.of(), Clock.systemUTC()).text().matches("1?"));
  }
}
