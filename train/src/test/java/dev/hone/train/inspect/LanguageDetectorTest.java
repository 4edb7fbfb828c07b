package dev.hone.train.inspect;

import static org.junit.jupiter.api.Assertions.assertEquals;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class LanguageDetectorTest {
  @ParameterizedTest
  @CsvSource(delimiter = '|', textBlock = """
      It's what I've been saying all along, you can't beat it | English
      @kim s o s, u v z late 2nite k thx | not clear
      RT omg s e p t e m b e r y o l o | not clear
      o no v s k, s u there | not clear
      Je to dobré a není to drahé, ale když jsem ho koupil, byl pomalý | Czech
      I s tím, že jsem na to zapomněl, je to v pořádku | Czech
      W domu jest ciepło i nie ma się czego bać, ale to za mało | Polish
      Y no es lo que se ve en la foto | Spanish
      """)
  void aLanguageShowsByItsWordsNotByLooseLetters(String text, String language) {
    LanguageDetector tongues = new LanguageDetector();
    assertEquals(language, LanguageDetector.languageName(tongues.language(text)));
  }
}
