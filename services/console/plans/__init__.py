"""What the console computes about plans: their standing, their documents, edits weighed while a person makes them."""
