/**
 * Running one kernel on several cores. Work is cut in blocks whose bounds depend on the problem alone, so that
 * results never depend on how many threads share them.
 */
package dev.hone.core.parallel;
