/**
 * Ministral and Ministral 3: Mistral with windows in some layers, or with queries that grow with their positions.
 */
package dev.hone.nn.ministral;
